// An engine on a model of some thousand parameters and 2,000 tokens, for tests of single updates.
#pragma once

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "core/text/token_file.h"
#include "core/train/engine.h"
#include "tests/temp_folder.h"

namespace hopscope::test {

class TinyEngine : public ::testing::Test {
  protected:
    TinyEngine() {
        config_.model = {.d_model = 16,
                         .n_layers = 2,
                         .n_heads = 2,
                         .vocab_size = 50,
                         .max_seq_len = 16,
                         .dropout = 0.0};
        config_.moe.experts = 8;
        config_.moe.top_k = 2;
        config_.moe.hops = {2};
        config_.moe.d_space = 4;
        config_.train.batch = 2;
        config_.train.seq_len = 16;
        config_.train.warmup = 1;
        config_.train.lr = 1e-2;
        config_.train.weight_decay = 0.1;
        auto writer = core::TokenFileWriter::create(dir_ / "t.tokens", 50);
        std::vector<int32_t> ids;
        for (int i = 0; i < 2000; ++i) ids.push_back((i * i + i / 7) % 50);
        EXPECT_TRUE(writer->append(ids).ok());
        EXPECT_TRUE(writer->finish("c", "t").ok());
        data_.emplace(
            *core::BatchSource::create(*core::TokenFile::open(dir_ / "t.tokens"), 2, 16, 42));
        engine_ = std::make_unique<core::Engine>(untrained(initial_model(config_, 42)));
    }

    void steps(int n) {
        for (int i = 0; i < n; ++i) ASSERT_TRUE(engine_->update(*data_, [] {}).ok());
    }
    std::map<std::string, std::pair<core::Group, at::Tensor>> copy() {
        std::map<std::string, std::pair<core::Group, at::Tensor>> out;
        engine_->state().model.weights.for_each(
            [&](const std::string& name, core::Group g, const at::Tensor& t) {
                out[name] = {g, t.clone()};
            });
        return out;
    }
    void order(const std::string& line) {
        auto command = core::parse_command(line);
        ASSERT_TRUE(command.ok()) << command.error().message;
        const auto status = engine_->apply(*command);
        ASSERT_TRUE(status.ok()) << status.error().message;
    }

    std::string refused(const std::string& line) {
        auto command = core::parse_command(line);
        if (!command) return command.error().message;
        const auto status = engine_->apply(*command);
        EXPECT_FALSE(status.ok()) << line;
        return status ? "" : status.error().message;
    }

    TempFolder dir_;
    core::Config config_;
    std::optional<core::BatchSource> data_;
    std::unique_ptr<core::Engine> engine_;
};

}  // namespace hopscope::test
