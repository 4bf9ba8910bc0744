// How the panels of a layout stand in the window, under a name that a person gave: splits, tabs,
// what floats and what is shut. Kept as arrangements.json in the settings folder, free of pixels
// and of ImGui. Plain values, any thread.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "core/api/base.h"

namespace hopscope::app {

/// A part of the window: tabs over each other, or two parts beside or over each other.
struct ArrangedPart {
    std::vector<std::string> tabs;    ///< ids of panels, shut ones too: there they open
    std::string front;                ///< the tab in front; "": the first
    bool center = false;              ///< keeps its room while all of it is shut
    bool beside = true;               ///< of two parts: the first is left, else above
    float share = 0.5f;               ///< of the first of two parts
    std::vector<ArrangedPart> parts;  ///< none or two
    bool operator==(const ArrangedPart&) const = default;
};

/// Tabs in a window of their own; its corner and size as shares of the whole window.
struct FloatingTabs {
    std::vector<std::string> tabs;
    std::string front;
    float x = 0, y = 0, width = 0.3f, height = 0.3f;
    bool operator==(const FloatingTabs&) const = default;
};

struct Arrangement {
    std::string name;
    std::string layout;  ///< name of the layout that it is one of
    ArrangedPart docked;
    std::vector<FloatingTabs> floating;
    std::set<std::string> shut;  ///< ids of panels
    /// Every panel that it knows.
    std::set<std::string> panels() const;
    bool operator==(const Arrangement&) const = default;
};

inline constexpr std::ptrdiff_t kLongestName = 60;  ///< characters
inline constexpr size_t kMostArrangements = 50;     ///< under a name

/// Without blanks at its ends.
std::string trimmed_name(const std::string& typed);
/// Why a trimmed name cannot be given, as a sentence; "" where it can.
std::string name_problem(const std::string& name);

/// Those that are kept, by name. Window thread only.
class Arrangements {
  public:
    const std::vector<Arrangement>& all() const { return all_; }
    const Arrangement* find(const std::string& name) const;
    /// Why it cannot be kept under the name; "" where it can.
    std::string refusal(const std::string& name) const;
    /// In place of what has the name, else behind the others.
    void keep(Arrangement arrangement);
    /// Nothing where there is none of the old name, or one of the new.
    void rename(const std::string& from, const std::string& to);
    void forget(const std::string& name);
    void replace(std::vector<Arrangement> all) { all_ = std::move(all), ++version_; }
    uint64_t version() const { return version_; }

  private:
    std::vector<Arrangement> all_;
    uint64_t version_ = 0;
};

std::string text_of(const std::vector<Arrangement>& arrangements);
/// Errors (usage): no document of this kind, or a field of another type, by its name. `path` begins
/// each. Names that cannot be given are left out.
core::Result<std::vector<Arrangement>> parse_arrangements(const std::string& text,
                                                          const std::string& path);
/// Reads the file of a settings folder; `problem` gets a sentence when it is there but cannot be
/// used.
std::vector<Arrangement> load_arrangements(const std::string& folder, std::string& problem);
/// Writes it; "" on success, else the reason.
std::string save_arrangements(const std::string& folder, const std::vector<Arrangement>& all);

}  // namespace hopscope::app
