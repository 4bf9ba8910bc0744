#include "app/panels/log/view.h"

#include <algorithm>
#include <cctype>

#include "app/panels/run/view.h"
#include "app/widgets/format.h"

namespace hopscope::app {

std::vector<LogRow> log_rows(const AppState& state, bool commands) {
    std::vector<LogRow> rows;
    if (!commands) {
        rows.reserve(state.log.size());
        for (const auto& line : state.log) rows.push_back({line.text, line.problem, false});
        return rows;
    }
    for (const auto& answer : state.answers) {
        core::Command command = answer.command;
        if (answer.state == core::AnswerState::applied && answer.step >= 0)
            command.args["from_step"] = answer.step;
        LogRow row{core::to_json(command), false, answer.state == core::AnswerState::pending};
        row.words = in_words(answer.command);
        if (answer.state == core::AnswerState::applied && answer.step >= 0)
            row.words = "step " + with_thousands(answer.step) + "  " + row.words;
        if (answer.state == core::AnswerState::refused) {
            row.problem = true;
            row.text += "  refused: " + answer.reason;
            row.words += "  refused: " + answer.reason;
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

bool contains(const std::string& text, const std::string& part) {
    const auto same = [](char a, char b) {
        return std::tolower(static_cast<unsigned char>(a)) ==
               std::tolower(static_cast<unsigned char>(b));
    };
    return std::search(text.begin(), text.end(), part.begin(), part.end(), same) != text.end();
}

std::string joined(const std::vector<LogRow>& rows) {
    std::string text;
    for (const auto& row : rows) text += row.text + "\n";
    return text;
}

}  // namespace hopscope::app
