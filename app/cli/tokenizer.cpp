// hopscope tokenizer train | encode | decode.
#include <istream>
#include <iterator>

#include "app/cli/progress.h"
#include "app/cli/subcommand.h"
#include "core/api/lab.h"

namespace hopscope::app {
namespace {

struct TrainCall {
    core::lab::TokenizerTrainOptions options;
    bool no_byte_fallback = false;
    bool json = false;
};

void describe_train(CLI::App& app, TrainCall& call) {
    core::lab::TokenizerTrainOptions& o = call.options;
    app.add_option("--input", o.input, "UTF-8 text, .xz accepted, or a folder of them")
        ->required()
        ->type_name("FILE");
    app.add_option("--vocab-size", o.vocab_size, "Number of pieces")
        ->required()
        ->check(number_within(2, 1048576, false, "an integer, 2 … 1048576"));
    app.add_option("--out", o.out, "The model to write")->required()->type_name("M.model");
    app.add_option("--type", o.type, "Kind of model")
        ->capture_default_str()
        ->check(CLI::IsMember({"bpe", "unigram"}));
    app.add_flag("--no-byte-fallback", call.no_byte_fallback,
                 "Unknown characters become <unk> instead of bytes");
    app.add_option("--seed", o.seed, "Draws the lines of a large corpus")->capture_default_str();
    app.add_flag("--json", call.json, "What was trained, as JSON on stdout");
}

int train(const TrainCall& call, const Environment& environment) {
    core::lab::TokenizerTrainOptions options = call.options;
    options.byte_fallback = !call.no_byte_fallback;
    const auto result = with_progress(core::lab::tokenizer_train, options, environment);
    if (!result) return report(result.error(), environment);
    environment.err << "wrote " << options.out << std::endl;
    return call.json ? deliver_text(result, "", environment) : kDone;
}

struct CodeCall {
    std::string model, out;
    bool pieces = false;
};

void describe_code(CLI::App& app, CodeCall& call) {
    app.add_option("--model", call.model, "SentencePiece model")->required()->type_name("M");
    app.add_option("--out", call.out, "Writes to this file instead of stdout")->type_name("FILE");
}

void describe_encode(CLI::App& app, CodeCall& call) {
    describe_code(app, call);
    app.add_flag("--pieces", call.pieces, "Pieces instead of ids");
}

std::string all_input(const Environment& environment) {
    return {std::istreambuf_iterator<char>(environment.in), {}};
}

int encode(const CodeCall& call, const Environment& environment) {
    return deliver_text(
        core::lab::tokenizer_encode(call.model, all_input(environment), call.pieces), call.out,
        environment);
}

int decode(const CodeCall& call, const Environment& environment) {
    return deliver_text(core::lab::tokenizer_decode(call.model, all_input(environment)), call.out,
                        environment);
}

}  // namespace

void add_tokenizer(CLI::App& root, Work& work) {
    CLI::App* app = declare(root, "tokenizer", "Trains and applies SentencePiece models",
                            "hopscope tokenizer encode --model M.model < text.txt");
    app->require_subcommand(1);
    declare<TrainCall>(
        *app, "train", "Trains a model on text",
        "hopscope tokenizer train --input corpus.txt --vocab-size 4096 --out M.model", work,
        describe_train, train);
    declare<CodeCall>(*app, "encode", "One line of ids for each line of stdin",
                      "hopscope tokenizer encode --model M.model --pieces < text.txt", work,
                      describe_encode, encode);
    declare<CodeCall>(*app, "decode", "One line of text for each line of ids on stdin",
                      "hopscope tokenizer decode --model M.model < ids.txt", work, describe_code,
                      decode);
}

}  // namespace hopscope::app
