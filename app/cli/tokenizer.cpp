// hopscope tokenizer train | encode | decode.
#include "app/cli/kind_options.h"
#include "app/cli/number_options.h"
#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/input.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct TokenizerCall {
    core::lab::TokenizerTrainOptions options;
    bool no_byte_fallback = false;
    bool json = false;
};

void describe_train(CLI::App& app, TokenizerCall& call) {
    core::lab::TokenizerTrainOptions& o = call.options;
    app.add_option("--input", o.input, "UTF-8 text, .xz accepted, or a folder of them")
        ->required()
        ->type_name("FILE");
    add_optional_number(app, "--vocab-size", o.vocab_size, {2, 1048576}, "Number of pieces")
        ->required();
    app.add_option("--out", o.out, "The model to write")->required()->type_name("M.model");
    add_kind(app, "--type", o.type, "Kind of model");
    app.add_flag("--no-byte-fallback", call.no_byte_fallback,
                 "Unknown characters become <unk> instead of bytes");
    add_seed_option(app, o.seed, "Draws the lines of a large corpus");
    app.add_flag("--json", call.json, "What was trained, as JSON on stdout");
}

int train_tokenizer(const TokenizerCall& call, const Environment& environment) {
    core::lab::TokenizerTrainOptions options = call.options;
    options.byte_fallback = !call.no_byte_fallback;
    const auto result = with_progress(core::lab::tokenizer_train, options, environment);
    if (!result) return report(result.error(), environment);
    environment.err << "wrote " << core::shown_path(options.out) << std::endl;
    return call.json ? deliver_text(result, {}, environment) : kDone;
}

struct CodeCall {
    std::string model;
    bool pieces = false;
    Output output;
};

/// Of stdin, which is held in memory.
constexpr size_t kMaxInputBytes = size_t{1} << 30;

void describe_code(CLI::App& app, CodeCall& call) {
    app.add_option("--model", call.model, "SentencePiece model")->required()->type_name("M");
    call.output.takes_file = true;
    app.add_option("--out", call.output.file, "Writes to this file instead of stdout")
        ->type_name("FILE");
}

void describe_encode(CLI::App& app, CodeCall& call) {
    describe_code(app, call);
    app.add_flag("--pieces", call.pieces, "Pieces instead of ids");
}

int encode(const CodeCall& call, const Environment& environment) {
    environment.catch_signals();
    const auto text = read_stdin(environment, kMaxInputBytes);
    if (!text) return report(text.error(), environment);
    return deliver_text(core::lab::tokenizer_encode(call.model, *text, call.pieces), call.output,
                        environment);
}

int decode(const CodeCall& call, const Environment& environment) {
    environment.catch_signals();
    const auto text = read_stdin(environment, kMaxInputBytes);
    if (!text) return report(text.error(), environment);
    return deliver_text(core::lab::tokenizer_decode(call.model, *text), call.output, environment);
}

}  // namespace

void add_tokenizer(CLI::App& root, Work& work) {
    CLI::App* app = declare(root, "tokenizer", "Trains and applies SentencePiece models",
                            "hopscope tokenizer encode --model M.model < text.txt");
    app->require_subcommand(1);
    declare<TokenizerCall>(
        *app, "train", "Trains a model on text",
        "hopscope tokenizer train --input corpus.txt --vocab-size 4096 --out M.model", work,
        describe_train, train_tokenizer);
    declare<CodeCall>(*app, "encode", "One line of ids for each line of stdin",
                      "hopscope tokenizer encode --model M.model --pieces < text.txt", work,
                      describe_encode, encode);
    declare<CodeCall>(
        *app, "decode",
        "One line of text for each line of ids on stdin; a line break in it as <0x0A>",
        "hopscope tokenizer decode --model M.model < ids.txt", work, describe_code, decode);
}

}  // namespace hopscope::app
