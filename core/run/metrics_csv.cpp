#include "core/run/metrics_csv.h"

#include <unistd.h>

#include "core/base/utf8.h"
#include "core/run/metrics_lines.h"

namespace hopscope::core {
namespace {

/// Units and header, each with its line end.
std::string preamble(const std::vector<Column>& columns) {
    std::string units = "# ", names;
    for (const Column& column : columns) {
        if (&column != &columns.front()) {
            units += ',';
            names += ',';
        }
        units += column.unit;
        names += column.name;
    }
    return units + '\n' + names + '\n';
}

std::string line_of(const std::vector<Column>& columns, const ScalarRecord& record) {
    std::string line;
    for (const Column& column : columns) {
        if (&column != &columns.front()) line += ',';
        line += column_text(column, record);
    }
    return line + '\n';
}

/// Calls use(record, offset of its line); stops where it returns false.
template <class Use>
Status each_record(MetricsLines& reader, const std::string& path, Use use) {
    auto text = read_file(path, SIZE_MAX);
    if (!text) return text.error();
    ScalarRecord record;
    for (const std::string_view line : complete_lines(*text)) {
        auto is_record = reader.read(line, record);
        if (!is_record) return is_record.error();
        if (*is_record && !use(record, static_cast<uint64_t>(line.data() - text->data())))
            return {};
    }
    return {};
}

/// Keeps the old file under another name and writes its records under today's columns.
Status convert(const std::string& path, const std::vector<Column>& columns,
               std::string_view old_text) {
    auto records = read_metrics_csv(path);
    if (!records) return records.error();
    std::string old = path + ".old";
    for (int i = 2; ::access(old.c_str(), F_OK) == 0; ++i) old = path + ".old" + std::to_string(i);
    if (auto status = write_file_atomic(old, old_text); !status) return status;
    std::string text = preamble(columns);
    for (const ScalarRecord& record : *records) text += line_of(columns, record);
    return write_file_atomic(path, text);
}

}  // namespace

Status MetricsCsv::check(const std::string& path, int64_t layers) {
    if (!file_exists(path)) return {};
    const auto before = read_file(path, SIZE_MAX);
    if (!before) return before.error();
    // Repairing would empty a file of one endless line; only our own torn first line may go.
    if (before->find('\n') != std::string::npos ||
        preamble(metric_columns(layers)).starts_with(*before))
        return {};
    return usage_error(shown_path(path) +
                       ": no metrics.csv: a line of units (\"# updates,…\") expected first");
}

Result<MetricsCsv> MetricsCsv::open(const std::string& path, int64_t layers) {
    if (auto s = check(path, layers); !s) return s.error();
    std::vector<Column> columns = metric_columns(layers);
    const std::string head = preamble(columns);
    auto file = AppendFile::open(path);
    if (!file) return file.error();
    auto text = read_file(path, SIZE_MAX);
    if (!text) return text.error();
    if (head.starts_with(*text) && *text != head) {  // new, or killed while it was begun
        if (auto status = file->truncate(0); !status) return status.error();
        if (auto status = file->append(head); !status) return status.error();
    } else if (!text->starts_with(head)) {
        if (auto status = convert(path, columns, *text); !status) return status.error();
        file = AppendFile::open(path);
        if (!file) return file.error();
    }
    return MetricsCsv(*std::move(file), std::move(columns));
}

Status MetricsCsv::append(const ScalarRecord& record) {
    return file_.append(line_of(columns_, record), DebugPoint::metrics_append);
}

Status MetricsCsv::amend(const ScalarRecord& record) {
    int64_t last_step = -1;
    uint64_t begin = 0;
    MetricsLines reader(file_.path());
    auto status = each_record(reader, file_.path(), [&](const ScalarRecord& last, uint64_t offset) {
        last_step = last.step;
        begin = offset;
        return true;
    });
    if (!status) return status;
    if (last_step != record.step)
        return failure(shown_path(file_.path()) + ": its last record is of update " +
                       std::to_string(last_step) + ", that of update " +
                       std::to_string(record.step) + " expected");
    auto text = read_file(file_.path(), SIZE_MAX);
    if (!text) return text.error();
    text->replace(begin, std::string::npos, line_of(columns_, record));
    status = write_file_atomic(file_.path(), *text, DebugPoint::metrics_rename);
    if (!status) return status;
    auto file = AppendFile::open(file_.path());
    if (!file) return file.error();
    file_ = *std::move(file);
    return {};
}

Status MetricsCsv::cut_to_step(int64_t step) {
    uint64_t keep = file_.size();
    MetricsLines reader(file_.path());
    auto status =
        each_record(reader, file_.path(), [&](const ScalarRecord& record, uint64_t offset) {
            if (record.step <= step) return true;
            keep = offset;
            return false;
        });
    if (status && keep != file_.size()) status = file_.truncate(keep);
    return status ? file_.sync() : status;
}

Result<std::vector<ScalarRecord>> read_metrics_csv(const std::string& path,
                                                   std::vector<std::string>* unknown) {
    std::vector<ScalarRecord> records;
    MetricsLines reader(path);
    auto status = each_record(reader, path, [&](const ScalarRecord& record, uint64_t) {
        records.push_back(record);
        return true;
    });
    if (!status) return status.error();
    if (unknown) *unknown = reader.unknown();
    return records;
}

}  // namespace hopscope::core
