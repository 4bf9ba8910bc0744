#include "app/panels/coupling/numbers.h"

#include <utility>

#include "app/widgets/format.h"

namespace hopscope::app {

std::string layer_words(int64_t layer) {
    return layer < 0 ? "all layers" : "layer " + std::to_string(layer);
}

TableRow own_row(const std::string& words) {
    return {words, words};
}

TableRow row_beside(const std::string& words, const std::string& beside) {
    return {"   " + beside, words + " of " + beside};
}

CouplingNumbers::CouplingNumbers(const AppState& state, const Coupling& coupling, bool beside)
    : command_(analysis_command(state, "coupling")), step_(coupling.step), beside_(beside) {}

Number CouplingNumbers::measured(const CouplingNumber& of, std::string shown) const {
    Number number;
    number.value = of.value;
    number.shown = std::move(shown);
    number.low = of.low;
    number.high = of.high;
    number.n = of.n;
    number.step = step_;
    if (beside_) {
        number.run = std::string();
        number.no_command = "It is of another run or step, which stands beside this one.";
    } else {
        number.command = command_;
    }
    return number;
}

Number CouplingNumbers::with_range_below(const CouplingNumber& of) const {
    Number number = measured(of, significant(of.value, 3));
    number.range = range_of(of);
    return number;
}

Number CouplingNumbers::plain(double value, int64_t n, int digits) const {
    return measured({value, kUnknown, kUnknown, n}, significant(value, digits));
}

Number CouplingNumbers::counted(int64_t n) const {
    Number number = measured({}, with_thousands(n));
    number.value = static_cast<double>(n);
    number.n = -1;
    return number;
}

}  // namespace hopscope::app
