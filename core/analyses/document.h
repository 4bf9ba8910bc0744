// What an analysis found, stated once. A number has a name, a value and, where it was measured on a
// sample, an interval with the number of units it is over (Estimate). Numbers stand in objects
// (Fields); an object is an entry of the JSON result, a row of a CSV table, or both, so that the
// two never tell different things. Plain values, any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/json.h"
#include "core/stats/interval.h"

namespace hopscope::core::analysis {

/// A number of a sample with its 95 % interval; NaN (in JSON null) where there are too few units.
/// The one form of it in JSON: {"value": x, "ci95": [low, high], "n": k, "over": "batches"}.
struct Estimate {
    double value = stats::kNaN;
    stats::Interval ci95 = {};
    int64_t n = 0;
    const char* over = "";  ///< what n counts
};

/// Mean of values, one of each unit ("words", "experts", …), with its bootstrap interval over them.
Estimate mean_over(const std::vector<double>& values, const char* units, uint64_t seed,
                   int64_t resamples = 10'000);
/// k of n units, with the Clopper–Pearson interval.
Estimate share_over(int64_t k, int64_t n, const char* units);

/// Estimates in the order of layers or hops; lists of lists where one is added to another.
class Estimates {
  public:
    void add(const Estimate& estimate);
    void add(const Estimates& part);
    bool empty() const { return objects_.empty(); }

  private:
    friend class Fields;
    OrderedJson values_ = OrderedJson::array(), objects_ = OrderedJson::array();
};

/// Named numbers and texts, each stated once. Unless said otherwise a field is in the JSON object
/// and a column of the table row; `column` is its name there where that differs.
class Fields {
  public:
    /// A finite number; null and an empty cell otherwise.
    Fields& number(const std::string& name, double value, const char* column = nullptr);
    Fields& count(const std::string& name, int64_t value, const char* column = nullptr);
    Fields& text(const std::string& name, const std::string& value, const char* column = nullptr);
    /// true and false; 1 and 0 in a table.
    Fields& flag(const std::string& name, bool value);
    /// Null, and an empty cell.
    Fields& none(const std::string& name, const char* column = nullptr);
    /// Columns NAME, NAME_ci95_low, NAME_ci95_high.
    Fields& estimate(const std::string& name, const Estimate& value, const char* column = nullptr);
    /// The same where readers expect a plain number under NAME: the form with the interval stands
    /// beside it as NAME_interval.
    Fields& plain_estimate(const std::string& name, const Estimate& value,
                           const char* column = nullptr);

    // In the JSON alone.
    Fields& estimates(const std::string& name, const Estimates& values);
    /// Numbers under NAME, the forms with intervals under NAME_interval.
    Fields& plain_estimates(const std::string& name, const Estimates& values);
    Fields& json(const std::string& name, OrderedJson value);
    Fields& object(const std::string& name, const Fields& value);
    /// A list of objects, which may stay empty.
    Fields& list(const std::string& name);
    /// One more object in a list of that name.
    Fields& add(const std::string& name, const Fields& item);
    /// Two ends that are no confidence interval: [low, high].
    Fields& range(const std::string& name, double low, double high);

    // In the table alone.
    /// Where the row lies, which the JSON shows by its nesting.
    Fields& place(const std::string& column, int64_t value);
    Fields& cell(const std::string& column, double value);
    Fields& cell(const std::string& column, std::string value);
    /// The columns of a field of another object: `name` and its interval, called `column` here.
    Fields& columns_of(const Fields& other, const std::string& name, const std::string& column);

    const OrderedJson& json() const { return json_; }

  private:
    friend struct Table;
    struct Cell {
        std::string column, text;
    };
    OrderedJson json_ = OrderedJson::object();
    std::vector<Cell> cells_;
};

/// A table for CSV: numbers as text that reads back, "" for none. Columns stand in the order in
/// which rows first name them.
struct Table {
    std::string name = {};  ///< "" = that of the analysis
    std::vector<std::string> columns = {};
    std::vector<std::vector<std::string>> rows = {};

    void add(const Fields& row);
    /// The columns of rows like this one, for a table that may stay without rows.
    void declare(const Fields& row);
    /// RFC 4180: fields with commas, quotes or line ends are quoted.
    std::string csv() const;
};

}  // namespace hopscope::core::analysis
