// hopscope bench: what the operators, whole passes, a trace and live statistics take
// (hopscope.bench/1).
#include <algorithm>
#include <fstream>
#include <optional>
#include <set>

#include "core/api/lab.h"
#include "core/base/json.h"
#include "core/base/names.h"
#include "core/bench/decode.h"
#include "core/bench/kept.h"
#include "core/bench/model.h"
#include "core/bench/operators.h"
#include "core/config/parse.h"
#include "core/config/write.h"
#include "core/lab/interrupt.h"
#include "core/lab/train_run.h"
#include "core/stats/descriptive.h"
#include "core/trainer/precision_probe.h"

namespace hopscope::core::lab {
namespace {

using Json = nlohmann::ordered_json;
using kernels::Operator;

/// A trace may take so many times a plain forward pass, statistics such a share of training.
constexpr double kTraceLimit = 2, kStatisticsLimit = 0.03;

/// One thing that can be named.
struct BenchKind {
    BenchSubject name;
    const char* definition;
    BenchWorks (*make)(BenchSetting& setting);
};

template <kernels::Operator of>
BenchWorks work_of(BenchSetting& setting) {
    return operator_work(setting, of);
}

/// A row for each BenchSubject, in their order.
constexpr BenchKind kKinds[] = {
    {BenchSubject::route,
     "cosine routing of one layer and hop: fused against reference (scores, softmax, sort)",
     work_of<Operator::route>},
    {BenchSubject::choose,
     "the choice among scores that are there, by softmax: fused against reference (sort)",
     work_of<Operator::choose>},
    {BenchSubject::experts,
     "experts of one layer and hop: fused against reference; where they are of rank 1 also what "
     "LibTorch offers: gather (embedding look-ups), embedding_bag, dense_mask (all experts, "
     "masked); "
     "and dense layers of width k·r (dense_equal_flops) and M·r (dense_equal_parameters)",
     work_of<Operator::experts>},
    {BenchSubject::rotate, "rotary positions of the queries of one layer: fused against reference",
     work_of<Operator::rotate>},
    {BenchSubject::linear,
     "queries, keys and values of one layer, three dense layers that read the same rows: fused "
     "against reference, which are one and the same in fp32",
     work_of<Operator::linear>},
    {BenchSubject::add_norm,
     "residual sum, configured dropout and LayerNorm between two layers: fused against reference",
     work_of<Operator::add_norm>},
    {BenchSubject::attention,
     "causal attention with the configured dropout: fused and reference against aten "
     "(scaled_dot_product_attention)",
     work_of<Operator::attention>},
    {BenchSubject::classifier, "tied head and cross-entropy: fused (in chunks) against reference",
     work_of<Operator::classifier>},
    {BenchSubject::adamw,
     "one optimizer step on as many parameters as the model has: fused against reference",
     work_of<Operator::adamw>},
    {BenchSubject::sum_squares,
     "the length of a gradient of as many numbers as the model has parameters: fused against "
     "reference",
     work_of<Operator::sum_squares>},
    {BenchSubject::count_choices, "tokens per expert of one hop: fused against reference",
     work_of<Operator::count_choices>},
    {BenchSubject::mean_jaccard, "overlap of the choices of two hops: fused against reference",
     work_of<Operator::mean_jaccard>},
    {BenchSubject::forward,
     "evaluation of one batch, losses included: the model in fused or reference form",
     forward_work},
    {BenchSubject::step,
     "a whole update (data, forward, backward, clipping, AdamW): all operators in fused or "
     "reference form",
     step_work},
    {BenchSubject::trace,
     "one prompt of 512 tokens (or max_seq_len): trace, and trace_json with its document printed, "
     "against forward: the plain pass with logits and losses",
     trace_work},
    {BenchSubject::decode,
     "one more token of 1, 4 and 16 texts of 256 tokens (part step; one text also as whole: read "
     "from its beginning), and one layer's hops alone (part moe): hop_by_hop, at_once (all hops by "
     "one operator), gram (later hops routed by a table)",
     decode_work},
    {BenchSubject::statistics,
     "an update as a run makes it, recorded in metrics.csv and event file, against one without "
     "entropy, Jaccard, counts and scalars of the layers; direction snapshot: what a due snapshot "
     "adds once in train.snapshot_every updates. Entropy and largest probability of each token "
     "come "
     "out of the routing operator in both forms and are not told apart",
     statistics_work},
};

static_assert([] {
    for (size_t i = 0; i < std::size(kKinds); ++i)
        if (kKinds[i].name != static_cast<BenchSubject>(i)) return false;
    return std::size(kKinds) == all_words<BenchSubject>().size();
}());

Result<Config> config_of(const BenchOptions& o) {
    const auto overrides = with_device(o.overrides, o.device);
    return o.config.empty() ? parse_config("", "the defaults", overrides)
                            : load_config(o.config, overrides);
}

std::string processor() {
    std::ifstream info("/proc/cpuinfo");
    for (std::string line; std::getline(info, line);)
        if (line.rfind("model name", 0) == 0 && line.find(": ") != std::string::npos)
            return line.substr(line.find(": ") + 2);
    return "unknown";
}

Json load_average() {
    double load = 0;
    return getloadavg(&load, 1) == 1 ? Json(load) : Json(nullptr);
}

const BenchRow* row_of(const std::vector<BenchRow>& rows, BenchSubject name, BenchWay form,
                       Direction direction) {
    for (const auto& row : rows)
        if (row.name == name && row.form == form && row.direction == direction) return &row;
    return nullptr;
}

/// What is promised of a trace and of statistics, beside what was found.
Json limits(const std::vector<BenchRow>& rows, const Config& config) {
    Json out = Json::array();
    for (const BenchWay form : {BenchWay::trace, BenchWay::trace_json})
        if (const auto* row = row_of(rows, BenchSubject::trace, form, Direction::forward))
            out.push_back({{"name", word(BenchSubject::trace)},
                           {"form", word(form)},
                           {"what", "time over that of a plain forward pass"},
                           {"limit", kTraceLimit},
                           {"found", row->ratio},
                           {"ci95", {json_number(row->ratio_low), json_number(row->ratio_high)}},
                           {"holds", row->ratio <= kTraceLimit}});
    const auto of_statistics = [&](BenchWay form, Direction direction) {
        return row_of(rows, BenchSubject::statistics, form, direction);
    };
    const auto *with = of_statistics(BenchWay::with, Direction::update),
               *without = of_statistics(BenchWay::without, Direction::update),
               *snapshot = of_statistics(BenchWay::with, Direction::snapshot);
    if (!with || !without || !snapshot) return out;
    const double each = with->ratio - 1,
                 pictures = stats::median(snapshot->ms) / stats::median(without->ms) /
                            static_cast<double>(config.train.snapshot_every);
    out.push_back({{"name", word(BenchSubject::statistics)},
                   {"form", word(BenchWay::with)},
                   {"what", "share of the time of updates without them"},
                   {"limit", kStatisticsLimit},
                   {"found", each + pictures},
                   {"ci95",
                    {json_number(with->ratio_low - 1 + pictures),
                     json_number(with->ratio_high - 1 + pictures)}},
                   {"each_update", each},
                   {"snapshots", pictures},
                   {"snapshot_every", config.train.snapshot_every},
                   {"holds", each + pictures <= kStatisticsLimit}});
    return out;
}

struct Found {
    std::vector<BenchRow> rows;
    Json skipped = Json::array();
};

/// What was asked for, read.
struct Asked {
    ChosenNames subjects, forms;
    int64_t rounds = 0;
    std::string keep;
    std::optional<Turns> turns = {};
};

/// Leaves out the forms that were not asked for. Errors (usage): none is left.
Status choose_forms(const ChosenNames& asked, std::vector<BenchWork>& works) {
    std::set<std::string> have;
    for (auto& work : works)
        std::erase_if(work.forms, [&](const BenchForm& form) {
            have.insert(word(form.form));
            return !std::binary_search(asked.places.begin(), asked.places.end(),
                                       static_cast<size_t>(form.form));
        });
    std::erase_if(works, [](const BenchWork& work) { return work.forms.empty(); });
    if (!works.empty()) return {};
    return usage_error("--forms: none of those named is there, allowed " +
                       joined({have.begin(), have.end()}));
}

/// What is to be timed. Errors (usage): there is none.
BenchWorks works_of(const BenchKind& kind, BenchSetting& setting) {
    const bool is_operator = kind.name < BenchSubject::forward;
    if (is_operator || std::ranges::find(setting.cases, kConfigured) != setting.cases.end())
        return kind.make(setting);
    return usage_error("--cases: found " + joined(setting.cases) +
                       ", which are sizes of operators; allowed " + kConfigured);
}

Status measure(const BenchKind& kind, BenchSetting& setting, const Asked& asked, Found& out) {
    const Progress progress = setting.progress;
    auto works = works_of(kind, setting);
    if (works)
        if (auto s = choose_forms(asked.forms, *works); !s) works = s.error();
    if (!works) {
        // One that the configuration has no part for must not keep the others from being measured.
        if (!asked.subjects.all || works.error().kind != ErrorKind::usage)
            return Error{works.error().kind, word(kind.name) + ": " + works.error().message};
        out.skipped.push_back({{"name", word(kind.name)}, {"reason", works.error().message}});
        return {};
    }
    for (const auto& work : *works) {
        if (!asked.keep.empty())
            if (auto s = keep_accounts(work, setting, asked.keep); !s) return s;
        const auto device = setting.device.device;
        auto rows = asked.turns ? time_in_turns(work, *asked.turns, device, progress)
                                : time_in_rounds(work, asked.rounds, device, progress);
        if (!rows) return rows.error();
        for (auto& row : *rows) out.rows.push_back(std::move(row));
    }
    return {};
}

}  // namespace

Result<std::string> bench(const BenchOptions& o) {
    try {
        const auto chosen = chosen_names("--what", o.what, word_list<BenchSubject>());
        if (!chosen) return chosen.error();
        const auto forms = chosen_names("--forms", o.forms, word_list<BenchWay>());
        if (!forms) return forms.error();
        const auto names = operator_case_names();
        const auto cases = chosen_names("--cases", o.cases, names);
        if (!cases) return cases.error();
        if ((o.next_turn || !o.keep.empty()) && cases->places.size() != 1)
            return usage_error(std::string(o.next_turn ? "--turns" : "--keep") + ": found " +
                               std::to_string(cases->places.size()) +
                               " names of --cases, allowed one, since sizes are told apart by "
                               "nothing else; for instance --cases " +
                               kConfigured);
        if (o.repeats < 1)
            return usage_error("--repeats: found " + std::to_string(o.repeats) +
                               ", allowed 1 or more");
        if (o.next_turn && (chosen->places.size() != 1 || forms->places.size() != 1))
            return usage_error(
                "--turns: found " + std::to_string(chosen->places.size()) +
                " names of --what and " + std::to_string(forms->places.size()) +
                " of --forms, allowed one of each, since one form is timed in turns; for instance "
                "--what step --forms fused --turns");
        auto config = config_of(o);
        if (!config) return config.error();
        auto device = resolve_device(config->train);
        if (!device) return device.error();
        if (auto s = use_threads(device->threads); !s) return s.error();
        // What is measured is what a run would do.
        device->precision = precision_of_new_run(config->train, *device);

        Json j = {{"format", "hopscope.bench/1"},
                  {"device", device->for_people},
                  {"processor", processor()},
                  {"precision", word(device->precision)},
                  {"program_version", HOPSCOPE_VERSION},
                  {"config", o.config.empty() ? "defaults" : o.config},
                  {"overrides", o.overrides},
                  {"config_hash", config_hash(*config)},
                  {"seed", config->train.seed},
                  {"repeats", o.repeats},
                  {"load_average", load_average()}};
        const Progress progress = interruptible(o.on_progress);
        std::vector<std::string> sizes;
        for (const size_t i : cases->places) sizes.push_back(names[i]);
        BenchSetting setting(*config, *device, std::move(sizes), progress);
        Asked asked{*chosen, *forms, o.repeats, o.keep};
        if (o.next_turn)
            asked.turns = {o.next_turn, [&](const Json& answer) { o.answer(answer.dump()); }};
        Found found;
        for (const size_t i : chosen->places)
            if (auto s = measure(kKinds[i], setting, asked, found); !s) return s.error();
        j["rows"] = Json::array();
        for (const auto& row : found.rows) j["rows"].push_back(to_json(row));
        j["limits"] = limits(found.rows, *config);
        j["skipped"] = found.skipped;
        return dump_pretty(j);
    } catch (const std::exception& e) {
        return torch_error(e);
    }
}

std::vector<Definition> bench_definitions() {
    std::vector<Definition> out;
    for (const auto& kind : kKinds) out.emplace_back(word(kind.name), kind.definition);
    out.emplace_back("cases",
                     "sizes and numbers of operators: configured (those of one layer and one hop "
                     "of the configuration), or those that operators are tested and timed on: " +
                         joined(operator_case_names()));
    out.emplace_back("both", "forward and backward of one round together");
    out.emplace_back("ratio",
                     "median over the rounds of a form's time over that of the reference form in "
                     "the same round, with a 95 % interval of that median; below 1 is faster");
    out.emplace_back("peak_bytes",
                     "most tensor memory that a call held beyond what was held before it");
    return out;
}

}  // namespace hopscope::core::lab
