#include "core/compare/printed_file.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "core/base/files.h"
#include "core/base/names.h"
#include "core/base/utf8.h"
#include "core/compare/warnings.h"

namespace hopscope::core {
namespace {

constexpr size_t kMaxBytes = size_t{16} << 20;
constexpr size_t kMaxDigits = 30;
constexpr int64_t kMaxHops = 1000;

/// "+0.4" and "−0.4" as tables set them; "" for what is no plain decimal number.
std::string plain_number(std::string text) {
    constexpr std::string_view kMinus = "\xE2\x88\x92";  // U+2212
    if (text.starts_with(kMinus)) text.replace(0, kMinus.size(), "-");
    if (text.starts_with('+')) text.erase(0, 1);
    const std::string_view digits = std::string_view(text).substr(text.starts_with('-') ? 1 : 0);
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (digits.empty() || digits.size() > kMaxDigits || !is_digit(digits.front()) ||
        !is_digit(digits.back()) || std::count(digits.begin(), digits.end(), '.') > 1 ||
        !std::all_of(digits.begin(), digits.end(), [&](char c) { return c == '.' || is_digit(c); }))
        return "";
    return text;
}

/// Reads one line field by field; the first that is wrong is kept.
class ClaimReader {
  public:
    ClaimReader(const Json& json, std::string place, PrintedClaim& claim)
        : json_(json), place_(std::move(place)), claim_(claim) {}

    Status read(double margin);

  private:
    Status check(double margin);
    void interval(double margin);
    void spread();
    void saving();
    void pair();

    void wrong(const std::string& key, const std::string& found, const std::string& allowed) {
        if (!error_)
            error_ =
                usage_error(place_ + in_quotes(key) + ": found " + found + ", allowed: " + allowed);
    }
    /// The field, or nullptr; marks it as known.
    const Json* field(const char* key, bool must) {
        known_.insert(key);
        const auto found = json_.find(key);
        if (found != json_.end()) return &*found;
        if (must) wrong(key, "nothing", "it is needed for " + in_quotes(word(claim_.kind)));
        return nullptr;
    }
    std::string text(const char* key, bool must) {
        const Json* value = field(key, must);
        if (!value) return "";
        if (!value->is_string()) {
            wrong(key, shown(dump_line(*value)), "a text");
            return "";
        }
        return value->get<std::string>();
    }
    Printed as_printed(const std::string& key, const Json& value) {
        const std::string number = value.is_string() ? plain_number(value.get<std::string>()) : "";
        if (!number.empty()) return Printed(number);
        wrong(key, shown(dump_line(value)), "a number in quotes as it is printed, like \"34.50\"");
        return Printed("0");
    }
    /// An input of the claim.
    Printed number(const char* key) {
        const Json* value = field(key, true);
        if (!value) return Printed("0");
        if (value->is_string()) claim_.inputs.emplace_back(key, value->get<std::string>());
        return as_printed(key, *value);
    }
    Printed result() {
        const Json* value = field("printed", true);
        if (!value) return Printed("0");
        if (value->is_string()) claim_.printed = value->get<std::string>();
        return as_printed("printed", *value);
    }

    const Json& json_;
    std::string place_;
    PrintedClaim& claim_;
    std::set<std::string> known_;
    std::optional<Error> error_;
};

void ClaimReader::interval(double margin) {
    const Printed low = number("low"), high = number("high");
    if (json_.contains("margin")) margin = number("margin").value;
    claim_.printed = text("printed", true);
    const auto side = kind_of<MarginSide>(claim_.printed);
    if (!side)
        wrong("printed", in_quotes(claim_.printed), "\"inside\" or \"outside\" of the margin");
    if (!(margin >= 0)) wrong("margin", std::to_string(margin), "a number from 0");
    if (low.value > high.value) wrong("low", claim_.inputs[0].second, "a number up to \"high\"");
    if (error_) return;
    const PrintedWithin within = check_interval(low, high, margin);
    const bool inside = side == MarginSide::inside;
    claim_.check.follows = within == PrintedWithin::touching             ? Follows::within_rounding
                           : (within == PrintedWithin::inside) == inside ? Follows::yes
                                                                         : Follows::no;
    claim_.check.possible = {low.range().low, high.range().high};
    char limit[32];
    std::snprintf(limit, sizeof limit, "%g", margin);
    claim_.check.text =
        "[" + claim_.inputs[0].second + ", " + claim_.inputs[1].second + "] " +
        (within == PrintedWithin::inside    ? "lies within"
         : within == PrintedWithin::outside ? "leaves"
                                            : "prints with an end at") +
        " the margin " + limit + ", printed as " + claim_.printed +
        (within == PrintedWithin::touching ? "; only unrounded values can tell" : "");
}

void ClaimReader::spread() {
    const Json* values = field("values", true);
    std::vector<Printed> read;
    if (values && (!values->is_array() || values->size() < 2)) {
        wrong("values", shown(dump_line(*values)), "a list of two numbers or more");
    } else if (values) {
        std::string all;
        for (const Json& value : *values) {
            read.push_back(as_printed("values", value));
            if (value.is_string()) all += (all.empty() ? "" : ", ") + value.get<std::string>();
        }
        claim_.inputs.emplace_back("values", all);
    }
    const Printed printed = result();
    if (!error_) claim_.check = check_std(read, printed);
}

void ClaimReader::saving() {
    const Printed mean = number("mean_hops");
    const Json* hops = field("hops", true);
    if (hops && !(hops->is_number_integer() && *hops >= 1 && *hops <= kMaxHops))
        wrong("hops", shown(dump_line(*hops)), "an integer, 1 … " + std::to_string(kMaxHops));
    const Printed printed = result();
    if (error_) return;
    claim_.inputs.emplace_back("hops", dump_line(*hops));
    claim_.check = check_saving(mean, hops->get<int>(), printed);
}

/// The claims of two printed numbers.
void ClaimReader::pair() {
    struct Pair {
        ClaimKind kind;
        const char *first, *second;
        PrintedCheck (*check)(const Printed&, const Printed&, const Printed&);
    };
    static constexpr Pair kPairs[] = {{ClaimKind::percent, "from", "to", check_percent},
                                      {ClaimKind::ratio, "numerator", "denominator", check_ratio},
                                      {ClaimKind::difference, "a", "b", check_difference}};
    const auto& pair = *std::find_if(std::begin(kPairs), std::end(kPairs),
                                     [&](const Pair& one) { return one.kind == claim_.kind; });
    const Printed first = number(pair.first), second = number(pair.second);
    const Printed printed = result();
    if (!error_) claim_.check = pair.check(first, second, printed);
}

Status ClaimReader::check(double margin) {
    switch (claim_.kind) {
        case ClaimKind::interval:
            interval(margin);
            break;
        case ClaimKind::spread:
            spread();
            break;
        case ClaimKind::saving:
            saving();
            break;
        case ClaimKind::percent:
        case ClaimKind::ratio:
        case ClaimKind::difference:
            pair();
            break;
    }
    return error_ ? Status(*error_) : Status();
}

Status ClaimReader::read(double margin) {
    known_.insert("check");
    const auto found = json_.find("check");
    const bool is_text = found != json_.end() && found->is_string();
    const auto kind =
        is_text ? kind_of<ClaimKind>(found->get_ref<const std::string&>()) : std::nullopt;
    if (!is_text)
        wrong("check", found == json_.end() ? "nothing" : shown(dump_line(*found)),
              joined(word_list<ClaimKind>()));
    if (error_) return *error_;
    claim_.label = text("label", false);
    if (!kind) wrong("check", in_quotes(found->get<std::string>()), joined(word_list<ClaimKind>()));
    if (error_) return *error_;
    claim_.kind = *kind;
    if (auto s = check(margin); !s) return s;
    for (const auto& [key, value] : json_.items())
        if (!known_.contains(key)) {
            std::string allowed;
            for (const std::string& one : known_) allowed += (allowed.empty() ? "" : ", ") + one;
            wrong(key, shown(dump_line(value)), "the fields " + allowed);
        }
    return error_ ? Status(*error_) : Status();
}

std::string what(const PrintedClaim& claim) {
    return claim.label.empty() ? "line " + std::to_string(claim.line) : claim.label;
}

}  // namespace

Result<std::vector<PrintedClaim>> read_printed(const std::string& path, double margin) {
    auto content = read_text(path, kMaxBytes);
    if (!content) return content.error();
    std::vector<PrintedClaim> claims;
    size_t begin = 0;
    for (int64_t line = 1; begin < content->size(); ++line) {
        const size_t end = std::min(content->find('\n', begin), content->size());
        const std::string text = content->substr(begin, end - begin);
        begin = end + 1;
        if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
        const std::string place = shown_path(path) + ":" + std::to_string(line);
        auto json = parse_object(text, place);
        if (!json) return json.error();
        PrintedClaim claim;
        claim.line = line;
        if (auto s = ClaimReader(*json, place + ": ", claim).read(margin); !s) return s.error();
        claims.push_back(std::move(claim));
    }
    if (claims.empty())
        return usage_error(shown_path(path) +
                           ": no claim found; one JSON object a line, like "
                           R"({"check": "percent", "from": "34.49", "to": "36.04", )"
                           R"("printed": "4.5"})");
    return claims;
}

std::vector<Warning> warnings_of(const std::vector<PrintedClaim>& claims) {
    std::vector<Warning> out;
    for (const PrintedClaim& claim : claims) {
        const bool interval = claim.kind == ClaimKind::interval;
        if (claim.check.follows == Follows::no)
            out.push_back({interval ? "interval_outside_margin" : "printed_does_not_follow",
                           claim.check.text + (interval ? "" : ": it does not follow"), what(claim),
                           ""});
        else if (interval && claim.check.follows == Follows::within_rounding)
            out.push_back({"touches_bound", claim.check.text, what(claim), ""});
    }
    return out;
}

void add_printed(OrderedJson& document, const std::vector<PrintedClaim>& claims) {
    const auto number = [](double x) {
        return std::isfinite(x) ? OrderedJson(x) : OrderedJson(nullptr);
    };
    OrderedJson& out = document["printed"] = OrderedJson::array();
    for (const PrintedClaim& claim : claims) {
        OrderedJson one{{"line", claim.line}, {"check", word(claim.kind)}};
        if (!claim.label.empty()) one["label"] = claim.label;
        one["inputs"] = OrderedJson::object();
        for (const auto& [key, value] : claim.inputs) one["inputs"][key] = value;
        one["printed"] = claim.printed;
        one["computed"] = number(claim.check.computed);
        one["possible"] = {number(claim.check.possible.low), number(claim.check.possible.high)};
        one["follows"] = word(claim.check.follows);
        one["text"] = claim.check.text;
        out.push_back(std::move(one));
    }
    for (const Warning& warning : warnings_of(claims))
        document["warnings"].push_back(warning_json(warning));
}

}  // namespace hopscope::core
