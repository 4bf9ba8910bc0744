// A laboratory without a model: it keeps the options it was called with and answers what the test
// put in. One global, reset by each test; one thread.
#pragma once

#include <optional>

#include "core/api/lab.h"

namespace hopscope::app::testing {

struct FakeLab {
    std::optional<core::lab::TrainOptions> train;
    std::optional<core::lab::BatchOptions> batch;
    std::optional<core::lab::RaceOptions> race;
    std::optional<core::lab::EvalOptions> eval;
    std::optional<core::lab::HaltingOptions> halting;
    std::optional<core::lab::TraceOptions> trace;
    std::optional<core::lab::RoutingDumpOptions> dump;
    std::optional<core::lab::InterveneOptions> intervene;
    std::optional<core::lab::CompareOptions> compare;
    std::optional<core::lab::ZeroshotOptions> zeroshot;
    std::optional<core::lab::GenerateOptions> generate;
    std::optional<core::lab::AnalyzeOptions> analyze;
    std::optional<core::lab::ImportOptions> import;
    std::optional<core::lab::ExportModelOptions> model;
    std::optional<core::lab::RouteOptions> route;
    std::optional<core::lab::BenchOptions> bench;
    std::optional<core::lab::TokenizerTrainOptions> tokenizer;
    std::string published = "";  ///< the folder that is a published model
    std::string model_cache;
    std::string info_target, coded_model, coded_text;
    bool info_is_config = false, pieces = false;
    std::vector<std::string> info_overrides;

    std::optional<core::Error> error;  ///< answer of every function, if set
    std::string answer = "{}";         ///< otherwise
    std::function<void(const core::lab::TrainOptions&)> while_training;
    std::function<void(const core::lab::BatchOptions&)> while_batch;
    std::function<void(const core::lab::RaceOptions&)> while_racing;
    bool throws = false;
};

FakeLab& fake_lab();

}  // namespace hopscope::app::testing
