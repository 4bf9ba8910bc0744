// A document of the analysis "coupling" of a made-up run of two layers and two experts, as the
// laboratory writes it.
#pragma once

#include <string>

namespace hopscope::gui_test {

inline std::string made_up_estimate(double value, const char* over) {
    const auto text = [](double x) { return std::to_string(x); };
    return R"({"value": )" + text(value) + R"(, "ci95": [)" + text(value - 0.05) + ", " +
           text(value + 0.05) + R"(], "n": 2, "over": ")" + over + R"("})";
}

inline std::string made_up_alignment(double cosine) {
    return R"({"hop": null, "matrix": "down", "n": 2, "k": 1, "matched": 0.11, "mismatched": 0.02,
        "random_baseline": 0.0104, "specificity": )" +
           made_up_estimate(5.5, "experts") + R"(, "cosine": )" +
           made_up_estimate(cosine, "experts") + R"(, "cosine_mismatched": -0.001})";
}

inline std::string made_up_spearman(double median) {
    return R"({"groups": 2, "median": )" + made_up_estimate(median, "experts") +
           R"(, "share_positive": )" + made_up_estimate(0.75, "experts") + R"(, "sign_p": 0.031)";
}

inline std::string made_up_match() {
    return R"("cosine": )" + made_up_estimate(0.06, "experts") +
           R"(, "cosine_mismatched": -0.002, "abs_cosine": 0.16, "abs_cosine_mismatched": 0.11,
        "specificity": )" +
           made_up_estimate(1.4, "experts");
}

/// What the laboratory writes of an imported model: two routers, and a second pool of one.
inline std::string made_up_import_coupling() {
    const auto entry = [](const char* place, const char* matrix, const char* reads) {
        return std::string("{") + place + R"("matrix": ")" + matrix + R"(", "reads": )" + reads +
               R"(, "n": 4, "k": 1, "matched": 0.5, "mismatched": 0.1, "random_baseline": 0.333,
            "specificity": )" +
               made_up_estimate(5, "experts") + R"(, "cosine": )" +
               made_up_estimate(0.7, "experts") + R"(, "cosine_mismatched": 0})";
    };
    const std::string here = entry("", "gate", "true") + ", " + entry("", "up", "true") + ", " +
                             entry("", "down", "false");
    return R"({"format": "hopscope.analysis/2", "name": "coupling", "step": 0, "definition":
        "router rows", "n": 8, "seed": 42, "result": {"alignment": [)" +
           entry(R"("router": "mlp", )", "gate", "true") + ", " +
           entry(R"("router": "attention", )", "up", "true") + ", " +
           entry(R"("router": "mlp", )", "down", "false") +
           R"(], "layers": [{"layer": 0, "router": "mlp", "alignment": [)" + here +
           R"(]}, {"layer": 1, "router": "mlp", "alignment": [)" + here + "]}]}}";
}

/// @param cosine of the first layer; of the second it is 0.2 more
inline std::string made_up_coupling(double cosine, int64_t step) {
    const auto layer = [&](double at) {
        return R"({"alignment": [)" + made_up_alignment(at) + R"(], "spearman": )" +
               made_up_spearman(at) + R"(}, "gradient": {"match": {"n": 2, )" + made_up_match() +
               R"(}, "router_weights": {"n": 2, "common_energy": 0.08, "effective_rank": 13.3,
            "mean_abs_cosine": 0.21, "centred_mean_abs_cosine": 0.22}}})";
    };
    std::string deciles, ranks;
    for (int i = 0; i < 10; ++i)
        deciles += (i ? ", " : "") + std::string(R"({"n": 100, "score_z": )") +
                   std::to_string(0.3 * i - 1.3) + R"(, "median": )" +
                   std::to_string(0.1 * i - 0.4) + R"(, "quartiles": [-1, 1]})";
    for (int i = 1; i <= 2; ++i)
        ranks += (i > 1 ? ", " : "") + std::string(R"({"rank": )") + std::to_string(i) +
                 R"(, "norm_z": )" + made_up_estimate(0.4 / i, "batches") + "}";
    return R"({"format": "hopscope.analysis/2", "name": "coupling", "step": )" +
           std::to_string(step) +
           R"(, "definition": "router rows against experts", "n": 4, "seed": 42, "result":
        {"layers": [)" +
           layer(cosine) + ", " + layer(cosine + 0.2) + R"(], "alignment": [)" +
           made_up_alignment(cosine + 0.1) + R"(], "spearman": )" + made_up_spearman(0.3) +
           R"(, "pairs": 9000, "least_pairs": 128, "tokens": 500}, "gradient": {"n": 4, )" +
           made_up_match() + R"(, "batches": 4}, "deciles": [)" + deciles + R"(], "ranks": [)" +
           ranks + "]}}";
}

inline constexpr const char* kMadeUpExperts =
    "# format: hopscope.analysis/2\n"
    "layer,expert,matched,mismatched,cosine,spearman,pairs,gradient_cosine\n"
    "0,0,0.2,0.01,0.45,0.6,900,0.2\n0,1,0.1,0.01,-0.3,,12,0.1\n1,0,0.2,0.01,0.5,0.7,800,\n";

}  // namespace hopscope::gui_test
