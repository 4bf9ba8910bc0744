// How long work reports and is cancelled: preparation, evaluation, tokenizer training. Plain C++;
// called on the thread that does the work, whoever owns it.
#pragma once

#include <functional>
#include <string>

namespace hopscope::core {

/// `report` may be called often, with a fraction of 0 … 1 or −1 for unknown; `cancelled` is polled
/// between batches.
struct Progress {
    std::function<void(const std::string& activity, double fraction)> report =
        [](const std::string&, double) {};
    std::function<bool()> cancelled = [] { return false; };
    /// For tell(); empty: it is reported as an activity.
    std::function<void(const std::string& sentence)> note;

    /// That of a part of the work which has a name: what it says begins with "NAME: ".
    Progress of(const std::string& name) const {
        Progress part = *this;
        part.report = [report = report, name](const std::string& activity, double fraction) {
            report(name + ": " + activity, fraction);
        };
        if (note)
            part.note = [note = note, name](const std::string& sentence) {
                note(name + ": " + sentence);
            };
        return part;
    }
    /// Something found out that is to stay readable when the next activity takes its place.
    void tell(const std::string& sentence) const { note ? note(sentence) : report(sentence, -1); }
};

}  // namespace hopscope::core
