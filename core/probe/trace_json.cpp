// Written as text at once: hundreds of thousands of numbers, which a tree of JSON values would hold
// one by one and print with the digits of a double, took as long as the forward pass.
#include "core/probe/trace_json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/base/json.h"

namespace hopscope::core {
namespace {

/// The members of one object; commas come by themselves.
class Object {
  public:
    explicit Object(std::string& out) : out_(out) { out_ += '{'; }
    /// Goes on after the members of an object that is written already.
    Object(std::string& out, const OrderedJson& head) : out_(out), first_(head.empty()) {
        out_ += dump_ordered_line(head);
        out_.pop_back();
    }
    /// Where the value of the next member is written.
    std::string& operator[](std::string_view key) {
        out_ += first_ ? "\"" : ",\"";
        out_ += key;
        out_ += "\":";
        first_ = false;
        return out_;
    }
    void close() { out_ += '}'; }

  private:
    std::string& out_;
    bool first_ = true;
};

template <class Number>
void put_digits(std::string& out, Number x) {
    char text[32];
    out.append(text, std::to_chars(text, text + sizeof text, x).ptr);
}
void put(std::string& out, int32_t x) {
    put_digits(out, x);
}
void put(std::string& out, float x) {
    if (!std::isfinite(x)) {
        out += "null";
        return;
    }
    const size_t begin = out.size();
    put_digits(out, x);
    // A reader tells numbers of a column apart by this.
    if (out.find_first_of(".e", begin) == std::string::npos) out += ".0";
}
void put(std::string& out, const std::string& text) {
    out += dump_line(text);
}

template <class Items, class Write>
void put_list(std::string& out, const Items& items, const Write& write) {
    out += '[';
    bool first = true;
    for (const auto& item : items) {
        if (!first) out += ',';
        first = false;
        write(out, item);
    }
    out += ']';
}

template <class Items>
void put_values(std::string& out, const Items& items) {
    put_list(out, items, [](std::string& to, const auto& item) { put(to, item); });
}

/// [T][width]; the row of a token that did not run is empty.
template <class T>
void put_rows(std::string& out, const std::vector<T>& values, const std::vector<uint8_t>& executed,
              int64_t width) {
    const std::span<const T> all(values);
    const auto n = static_cast<size_t>(width);
    size_t t = 0;
    put_list(out, executed, [&](std::string& to, uint8_t ran) {
        put_values(to, ran ? all.subspan(t * n, n) : std::span<const T>());
        ++t;
    });
}

void put_hop(std::string& out, const TraceHop& hop, bool positions) {
    Object j(out);
    put_rows(j["experts"], hop.experts, hop.executed, hop.top_k);
    put_rows(j["weights"], hop.weights, hop.executed, hop.top_k);
    put_values(j["entropy"], hop.entropy);
    put_values(j["max_prob"], hop.max_prob);
    put_values(j["update_norm"], hop.update_norm);
    put_values(j["halt_ratio"], hop.halt_ratio);
    put_list(j["executed"], hop.executed,
             [](std::string& to, uint8_t ran) { to += ran ? "true" : "false"; });
    if (positions) put_rows(j["position"], hop.position, hop.executed, hop.d_space);
    j.close();
}

void put_token(std::string& out, const TraceToken& token) {
    Object j(out);
    put(j["id"], token.id);
    put(j["piece"], token.piece);
    put_digits(j["begin"], token.begin);
    put_digits(j["end"], token.end);
    put(j["nll"], token.nll);
    put_list(j["next"], token.next, [](std::string& to, const NextToken& next) {
        Object n(to);
        put(n["id"], next.id);
        put(n["piece"], next.piece);
        put(n["p"], next.p);
        n.close();
    });
    j.close();
}

}  // namespace

std::string trace_document(const nlohmann::ordered_json& head, const TraceResult& traced,
                           bool positions) {
    std::string out;
    Object j(out, head);
    put_list(j["tokens"], traced.tokens, put_token);
    put_list(j["layers"], traced.layers, [&](std::string& to, const TraceLayer& layer) {
        Object l(to);
        put_values(l["attention_norm"], layer.attention_norm);
        put_values(l["update_norm"], layer.update_norm);
        put_list(l["hops"], layer.hops, [&](std::string& hop_to, const TraceHop& hop) {
            put_hop(hop_to, hop, positions);
        });
        l.close();
    });
    j.close();
    return out;
}

}  // namespace hopscope::core
