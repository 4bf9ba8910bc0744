// The multiple-choice items of a zero-shot task, read from the files that are published: context,
// continuations, the right one. Pure parsing, no LibTorch; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/api/kinds.h"
#include "core/base/json.h"
#include "core/base/result.h"

namespace hopscope::core::lab {

/// One answer that is scored: ln P(continuation | context). Both texts are as the model reads them.
struct ZeroshotChoice {
    std::string context;
    std::string continuation;  ///< with the blank that joins it to the context
    int64_t bytes = 0;  ///< UTF-8, without that blank: the norm's divisor [def:choice_scoring]
    bool operator==(const ZeroshotChoice&) const = default;
};

struct ZeroshotItem {
    Json id;           ///< as in the file (a number or a text), else the item's number from 0
    int64_t line = 0;  ///< of the (unpacked) file, from 1
    int64_t gold = 0;  ///< index into `choices`
    std::vector<ZeroshotChoice> choices;
};

struct ZeroshotItems {
    std::vector<ZeroshotItem> items;
    std::string hash;  ///< content hash of the unpacked file
};

/// One JSON object a line, empty lines ignored; plain or .xz.
///
/// hellaswag: context " " ending. Preprocessed lines {ctx, endings, label, idx?} are taken as they
/// are; original ones {ctx_a, ctx_b, activity_label, endings, label, ind?} become
/// "ACTIVITY: CTX_A Ctx_b", cleaned as clean_hellaswag() says.
/// arc_easy: "Question: STEM\nAnswer:" " TEXT"; answerKey is the label of a choice, where letters
/// and digits stand for each other (A = 1); 3 to 5 choices.
/// winogrande: the text before the "_" and an option is the context, the text after the "_" as it
/// stands the continuation, the same for both options.
///
/// Errors (usage): FILE:LINE, what was found, what is allowed; a file that is
/// missing, a folder, packed wrongly, not UTF-8 or without items.
Result<ZeroshotItems> read_zeroshot_items(ZeroshotTask task, const std::string& path);

/// One line of a task's file; `name` begins every message. The id is Json() where the line has
/// none.
Result<ZeroshotItem> parse_zeroshot_item(ZeroshotTask task, const std::string& line,
                                         const std::string& name);

/// As is usual for the original HellaSwag text: " [title]" becomes ". ", other marks in brackets
/// go, runs of blanks become one, and blanks at both ends go.
std::string clean_hellaswag(std::string_view text);

}  // namespace hopscope::core::lab
