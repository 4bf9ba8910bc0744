#include "tests/app/cli/fake_lab.h"

#include <stdexcept>

namespace hopscope::app::testing {

FakeLab& fake_lab() {
    static FakeLab lab;
    return lab;
}

namespace {
core::Result<std::string> answer() {
    if (fake_lab().throws) throw std::runtime_error("a fault");
    if (fake_lab().error) return *fake_lab().error;
    return fake_lab().answer;
}
}  // namespace
}  // namespace hopscope::app::testing

namespace hopscope::core::lab {

using app::testing::answer;
using app::testing::fake_lab;

std::atomic<int>& interrupt_flag() {
    static std::atomic<int> flag{0};
    return flag;
}

Result<std::string> train(const TrainOptions& options) {
    fake_lab().train = options;
    if (fake_lab().while_training) fake_lab().while_training(options);
    return answer();
}

Result<std::string> batch(const BatchOptions& options) {
    fake_lab().batch = options;
    if (fake_lab().while_batch) fake_lab().while_batch(options);
    return answer();
}

Result<std::string> race(const RaceOptions& options) {
    fake_lab().race = options;
    if (fake_lab().while_racing) fake_lab().while_racing(options);
    return answer();
}

Result<std::string> eval(const EvalOptions& options) {
    fake_lab().eval = options;
    if (options.on_progress) options.on_progress("evaluating batch 3 of 50", 0.04);
    return answer();
}

Result<std::string> halting(const HaltingOptions& options) {
    fake_lab().halting = options;
    if (options.on_progress) options.on_progress("first: epsilon 0.05, timing 1", 0.5);
    return answer();
}

Result<std::string> trace(const TraceOptions& options) {
    fake_lab().trace = options;
    return answer();
}

Result<std::string> trace_corpus(const RoutingDumpOptions& options) {
    fake_lab().dump = options;
    if (options.on_progress) options.on_progress("routing of batch 1 of 2", 0.5);
    return answer();
}

const std::vector<Definition>& trace_definitions() {
    static const std::vector<Definition> kSome = {{"tokens", "[S, T] ids"}};
    return kSome;
}

Result<std::string> intervene(const InterveneOptions& options) {
    fake_lab().intervene = options;
    if (options.on_progress) options.on_progress("measuring prompts", 0.5);
    return answer();
}

Result<std::string> compare(const CompareOptions& options) {
    fake_lab().compare = options;
    if (options.on_progress) options.on_progress("comparing pair 2 of 105", 0.01);
    return answer();
}

const std::vector<Definition>& compare_definitions() {
    static const std::vector<Definition> kSome = {{"difference", "a - b"}};
    return kSome;
}

Result<std::string> zeroshot(const ZeroshotOptions& options) {
    fake_lab().zeroshot = options;
    if (options.on_progress) options.on_progress("scoring 4 items of arc_easy", 0.5);
    return answer();
}

const std::vector<Definition>& zeroshot_definitions() {
    static const std::vector<Definition> kSome = {{"chance", "what a guess gets"}};
    return kSome;
}

Result<std::string> generate(const GenerateOptions& options) {
    fake_lab().generate = options;
    if (options.on_text)
        for (const char* part : {"once ", "upon"}) options.on_text(part);
    return answer();
}

const std::vector<Definition>& generate_definitions() {
    static const std::vector<Definition> kSome = {{"p", "probability by the model"}};
    return kSome;
}

Result<std::string> analyze(const AnalyzeOptions& options) {
    fake_lab().analyze = options;
    if (options.on_progress) options.on_progress("routing of batch 2 of 50", 0.02);
    return answer();
}

std::vector<Definition> analysis_definitions(bool) {
    return {{"phases", "where a curve changes its course"}};
}

Result<std::string> info(const std::string& target, bool is_config,
                         const std::vector<std::string>& overrides) {
    fake_lab().info_target = target;
    fake_lab().info_is_config = is_config;
    fake_lab().info_overrides = overrides;
    return answer();
}

Result<std::string> import_model(const ImportOptions& options) {
    fake_lab().import = options;
    if (options.on_progress) options.on_progress("reading routers", 0.5);
    return answer();
}

bool is_model(const std::string& dir) {
    return dir == fake_lab().published;
}

Result<std::string> open_model(const std::string& dir, const std::string& cache,
                               const std::function<bool()>&) {
    fake_lab().model_cache = cache;
    return answer();
}

Result<std::string> export_model(const ExportModelOptions& options) {
    fake_lab().model = options;
    return answer();
}

Result<std::string> route(const RouteOptions& options) {
    fake_lab().route = options;
    return answer();
}

const std::vector<Definition>& route_definitions() {
    static const std::vector<Definition> kSome = {{"experts", "[T, k]"}};
    return kSome;
}

Result<std::string> bench(const BenchOptions& options) {
    fake_lab().bench = options;
    if (options.on_progress) options.on_progress("route: timing", 0.5);
    if (options.next_turn) {
        options.answer("{}");
        for (int64_t calls = options.next_turn(); calls > 0; calls = options.next_turn())
            options.answer("[" + std::to_string(calls) + "]");
    }
    return answer();
}

std::vector<Definition> bench_definitions() {
    return {{"route", "fused against reference"}};
}

Result<std::string> tokenizer_train(const TokenizerTrainOptions& options) {
    fake_lab().tokenizer = options;
    if (options.on_progress) options.on_progress("learning 300 pieces from t.txt", -1);
    return answer();
}

Result<std::string> tokenizer_encode(const std::string& model, const std::string& text,
                                     bool pieces) {
    fake_lab().coded_model = model;
    fake_lab().coded_text = text;
    fake_lab().pieces = pieces;
    return answer();
}

Result<std::string> tokenizer_decode(const std::string& model, const std::string& ids) {
    fake_lab().coded_model = model;
    fake_lab().coded_text = ids;
    return answer();
}

}  // namespace hopscope::core::lab
