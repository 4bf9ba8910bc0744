// The interventions a person has put together: commands of the registry with their arguments, each
// on or off, in an order, with undo and redo. A pure model that the panels and the palette share;
// owned by AppState, window thread only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/state/selection.h"
#include "core/api/arguments.h"
#include "core/api/command.h"
#include "core/api/command_registry.h"
#include "core/api/config.h"
#include "core/api/snapshot.h"

namespace hopscope::app {

/// What arguments may be in the open run.
struct ModelShape {
    int64_t layers = 0, hops = 0, top_k = 0;  ///< hops: of the layer with most
    std::vector<int64_t> experts;             ///< per layer, over all its pools
    int64_t d_space = 0;
    int64_t prompt_tokens = 0;  ///< of the traced prompt; 0 unknown
    int64_t experts_of(int64_t layer) const;
};
/// Where a new row acts: on what is selected, as far as it exists.
core::Target target_of(const Selection& selection, const ModelShape& shape);
/// `geometry` and `trace` may be null: then what the configuration says.
ModelShape model_shape(const core::Config& config, const core::GeometrySnapshot* geometry,
                       const core::TraceResult* trace);

struct StackItem {
    uint64_t id = 0;  ///< of this row, never used twice
    core::Command command;
    bool on = true;
    bool operator==(const StackItem&) const = default;
};

class InterventionStack {
  public:
    const std::vector<StackItem>& items() const { return items_; }
    uint64_t version() const { return version_; }  ///< grows with every change

    /// Adds a command of the registry with arguments that can be run at once: the selection's layer
    /// and experts where some are selected.
    void add(core::CommandKind kind, const Selection& selection, const ModelShape& shape);
    void add(core::Command command);
    void remove(uint64_t id);
    void move(uint64_t id, int by);
    void set_on(uint64_t id, bool on);
    void clear();
    void all_off();  ///< keeps the rows

    /// Before a run of small changes (a dragged slider), so that one undo takes them all back.
    void begin_edit();
    /// Changes one argument; erases it where `value` is null. Part of the last begin_edit().
    void set_argument(uint64_t id, const std::string& name, const core::Value* value);

    bool can_undo() const { return !past_.empty(); }
    bool can_redo() const { return !future_.empty(); }
    void undo();
    void redo();

    /// The rows that are on and can act on a prompt, in their order.
    std::vector<core::Command> prompt_script(const ModelShape& shape) const;
    /// All rows that are on, as lines of a script file.
    std::string script_text() const;
    /// Puts the commands of a script in place of the rows; nothing is changed where a line is
    /// wrong. Errors (usage): the line number and the parser's sentence.
    core::Status load(const std::string& text);

  private:
    StackItem* find(uint64_t id);

    std::vector<StackItem> items_;
    std::vector<std::vector<StackItem>> past_, future_;
    uint64_t version_ = 0, next_id_ = 1;
};

/// The arguments that a row is asked for, besides its scope. What belongs to another choice is not;
/// nor is a layer that may be left out, where no experts are counted in it: the scope says it, too.
std::vector<const core::ArgSpec*> asked_of(const core::Command& command);
/// The fields of the scope that a row is asked for: layers where it does not name one by itself,
/// and the step it waits for where it can act in training.
std::vector<const core::ArgSpec*> scope_asked_of(const core::Command& command);
/// The layer a row acts in, the first of several.
int64_t layer_of(const core::Command& command);

/// Why a row cannot act on a prompt: a missing or wrong argument, a layer, expert or token that
/// does not exist here, another domain. "" if it can.
std::string prompt_problem(const core::Command& command, const ModelShape& shape);

/// How an argument is given in the window, made from its description.
struct ArgEditor {
    enum Kind : uint8_t { word, integer, number, list, text, flag };
    Kind kind = text;
    double low = 0, high = 1;  ///< of a slider; exact values outside it may still be typed
    bool optional = false;     ///< may be left out
};
ArgEditor editor_of(const core::CommandSpec& command, const core::ArgSpec& arg,
                    const ModelShape& shape, int64_t layer);

/// Numbers as typed, "3, 7 12", "[3, 7]" or "top"; where it is no list of numbers, the text itself.
core::Value value_of(const std::string& typed, bool whole);
std::string text_of(const core::Value& value);

}  // namespace hopscope::app
