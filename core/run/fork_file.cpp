#include "core/run/fork_file.h"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <variant>

#include "core/api/command.h"
#include "core/base/csv.h"
#include "core/base/utf8.h"
#include "core/run/eval_file.h"
#include "core/run/folder_lock.h"

namespace hopscope::core {
namespace {

struct DifferenceColumn {
    const char *name, *unit;
    std::variant<int64_t DifferenceLine::*, float DifferenceLine::*, double DifferenceLine::*>
        field;
};
const DifferenceColumn kColumns[] = {
    {"step", "updates", &DifferenceLine::step},
    {"tokens", "tokens", &DifferenceLine::tokens},
    {"loss_run", "nats", &DifferenceLine::loss_run},
    {"loss_fork", "nats", &DifferenceLine::loss_fork},
    {"loss_difference", "nats", &DifferenceLine::loss},
    {"valid_loss_run", "nats", &DifferenceLine::valid_run},
    {"valid_loss_fork", "nats", &DifferenceLine::valid_fork},
    {"valid_difference", "nats", &DifferenceLine::valid},
    {"valid_low", "nats", &DifferenceLine::valid_low},
    {"valid_high", "nats", &DifferenceLine::valid_high},
};

/// A line of one word a column.
std::string joined_columns(const auto& word_of) {
    std::string line;
    for (const DifferenceColumn& column : kColumns)
        line += (line.empty() ? "" : ",") + word_of(column);
    return line;
}

std::string names_line() {
    return joined_columns([](const DifferenceColumn& c) { return std::string(c.name); });
}

bool read_cell(std::string_view text, const DifferenceColumn& column, DifferenceLine& line) {
    return std::visit([&](auto field) { return read_csv_number(text, line.*field); }, column.field);
}

/// Validation sequences behind the interval; 0 where the fork's evaluation cannot be read.
int64_t sequences_of(const RunFolder& fork, int64_t step) {
    const auto config = stored_config(fork);
    const auto eval = read_eval(fork.eval_path(step));
    return config && eval ? eval->tokens / std::max<int64_t>(1, config->train.seq_len) : 0;
}

void describe_losses(const std::vector<DifferenceLine>& lines, ForkStatus& status) {
    double sum = 0;
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
        if (std::isnan(line->loss)) continue;
        sum += line->loss;
        if (++status.updates == static_cast<int64_t>(kRecentDifferences)) break;
    }
    if (status.updates > 0) status.loss = sum / static_cast<double>(status.updates);
}

void describe_evaluation(const std::vector<DifferenceLine>& lines, ForkStatus& status) {
    const auto newest = std::find_if(lines.rbegin(), lines.rend(), [](const DifferenceLine& line) {
        return !std::isnan(line.valid);
    });
    if (newest == lines.rend()) return;
    status.valid_step = newest->step;
    status.valid = newest->valid;
    status.valid_low = newest->valid_low;
    status.valid_high = newest->valid_high;
}

/// Why it is not trained beside its run any more.
std::string end_of(const RunFolder& fork, int64_t step) {
    const RunInfo& info = fork.info();
    if (info.state == RunState::failed) return "failed: " + info.reason;
    if (is_being_written(fork.dir())) return "goes on by itself";
    if (!info.reason.empty()) return info.reason;
    return (info.state == RunState::done ? "done at step " : "left at step ") +
           std::to_string(step);
}

}  // namespace

std::string fork_name(int64_t step) {
    return "fork at step " + std::to_string(step);
}

std::string difference_header() {
    return "# " + joined_columns([](const DifferenceColumn& c) { return std::string(c.unit); }) +
           "\n" + names_line() + "\n";
}

std::string difference_text(const DifferenceLine& line) {
    return joined_columns([&](const DifferenceColumn& column) {
               return std::visit([&](auto field) { return csv_number(line.*field); }, column.field);
           }) +
           "\n";
}

Result<std::vector<DifferenceLine>> read_differences(const std::string& path) {
    const auto text = read_file(path);
    if (!text) return text.error();
    std::vector<DifferenceLine> out;
    int64_t number = 0;
    bool named = false;
    for (const std::string_view line : complete_lines(*text)) {
        const std::string where = shown_path(path) + ":" + std::to_string(++number);
        if (line.empty() || line.front() == '#') continue;
        if (!named) {
            if (line != names_line())
                return usage_error(where + ": found " + in_quotes(line) +
                                   ", allowed are the columns " + names_line());
            named = true;
            continue;
        }
        const auto cells = csv_cells(line);
        if (cells.size() != std::size(kColumns))
            return usage_error(where + ": " + std::to_string(cells.size()) +
                               " values found, allowed " + std::to_string(std::size(kColumns)));
        DifferenceLine read;
        for (size_t i = 0; i < cells.size(); ++i)
            if (!read_cell(cells[i], kColumns[i], read))
                return usage_error(where + ": column " + kColumns[i].name + ": found " +
                                   in_quotes(cells[i]) + ", a number expected");
        out.push_back(read);
    }
    return out;
}

bool is_fork_folder(const std::string& dir) {
    return is_run_folder(dir) && file_exists(dir + "/difference.csv");
}

Result<ForkStatus> read_fork(const RunFolder& run, int64_t step) {
    auto fork = RunFolder::open(run.fork_path(step), /*writer=*/false);
    if (!fork) return fork.error();
    const auto lines = read_differences(fork->dir() + "/difference.csv");
    if (!lines) return lines.error();
    ForkStatus status;
    status.step = step;
    status.name = fork_name(step);
    status.dir = fork->dir();
    const std::string& with = fork->info().forked_from.with;
    if (!with.empty()) {
        const auto command = parse_command(with);
        status.with = command ? plain_text(*command) : with;
    }
    describe_losses(*lines, status);
    describe_evaluation(*lines, status);
    if (status.valid_step >= 0) status.sequences = sequences_of(*fork, status.valid_step);
    // One that goes on by itself was resumed, which its run.json says.
    status.alive = is_being_written(fork->dir()) && fork->info().resumes.empty();
    if (!status.alive) status.ended = end_of(*fork, lines->empty() ? step : lines->back().step);
    return status;
}

}  // namespace hopscope::core
