#include "core/lab/analysis_table.h"

#include "core/lab/measured.h"

namespace hopscope::core {

std::span<const analysis::Analysis> analysis_table() {
    using namespace analysis;
    // Name, definition, needs a model, function.
    static const Analysis kTable[] = {
        {"phases", kPhasesDefinition, false, phases},
        {"convergence", kConvergenceDefinition, false, convergence},
        {"crossings", kCrossingsDefinition, false, crossings},
        {"jaccard",
         "|A ∩ B| / |A ∪ B| of the expert sets of consecutive hops, indices within the pool; mean "
         "over tokens; mean = over layers and pairs (science E11). 95 % bootstrap interval over "
         "validation batches. between_layers: the same of the first hops of two layers, whose "
         "experts have only their number in common; random: two sets drawn evenly. between_steps: "
         "the same hop of the same probe tokens in consecutive saved snapshots. n: tokens.",
         true, jaccard},
        {"hop_divergence", "mean of 1 - Jaccard of consecutive hops (science E12). n: tokens.",
         true, hop_divergence},
        {"echo", "mean over tokens of cos(dh_0, dh_1), per layer (science E24). n: tokens.", true,
         echo},
        {"displacement",
         "mean over tokens of the distance between the routing positions of the last and the first "
         "hop; relative_update: |h_accum| / |LN(x)| (science E12). n: tokens.",
         true, displacement},
        {"load",
         "choices of each expert over all hops: Gini, coefficient of variation, max / mean, "
         "experts without a choice, share of the five most used, exp(entropy) (science E46). n: "
         "tokens.",
         true, load},
        {"confidence",
         "entropy (nats) and largest probability of the full softmax, mean over tokens and hops "
         "(science E46). n: tokens.",
         true, confidence},
        {"norms",
         "mean over tokens of |h_accum| / |attention output|, per layer, then over layers "
         "(science E23). n: tokens.",
         true, norms},
        {"collinearity",
         "cosines of all pairs of router rows (centroids; linear: weight rows): mean, mean of "
         "each row's nearest, effective rank exp(H(sigma^2)), largest |cos| (science C4). pools: "
         "of each hop's own pool (unrolled). model_space: the same of the rows W_proj^T c_i (C5), "
         "for each projection and pool. n: rows.",
         true, collinearity},
        {"density",
         "mean angle of a router row to its nearest, and rows per effective dimension. margin: "
         "lowest router score among the chosen - highest among the others, mean over tokens and "
         "hops (cosine: tau x cosine; negative where a selection bias decides); "
         "angle_margin_degrees: angle to the second nearest centroid - angle to the nearest. 95 % "
         "bootstrap intervals over validation batches. n: rows.",
         true, density},
        {"identity",
         "cos(w_down, w_up) of each expert, mean over its ranks (science A10). n: experts.", true,
         identity},
        {"coupling",
         "router rows r_i in model space (W_proj^T c_i, or the linear row) against experts "
         "(science C4, C5). alignment, for each expert matrix (down and gate read, up writes): "
         "Score(i,j) = |V_k(j) r_i|^2, V_k(j) the top k = ceil(1 % of min(rank, d)) right "
         "singular vectors of expert j; matched i = j, mismatched j != i within the pool, random "
         "baseline k/d, specificity matched/mismatched; cosine: mean over rank rows of cos(r_i, "
         "row); energy: sum over all singular vectors of <r_i, v_j>^2, top1/top10: its share in "
         "the first 1 % and 10 %. spearman: router score against mean SiLU(read row . h) over "
         "routed tokens of each (layer, expert) with 128 or more, all hops; exact sign test. "
         "deciles, norm_z: z-scores within such experts. gradient: loss as in training (balance "
         "and z terms, dropout off) on 4 validation batches; cosine of W_proj^T dL/dc_i with "
         "dL/dw_down_i. common_energy: mean cos^2 to the mean direction of the unit rows; "
         "centred: minus their mean. 95 % bootstrap intervals over experts (ranks: batches). n: "
         "experts.",
         true, coupling},
        {"amplification",
         "least squares over tokens of h_accum = a dh_0 in each layer, R^2 = 1 - |h_accum - a "
         "dh_0|^2 / |h_accum|^2 (through the origin), 95 % bootstrap intervals over validation "
         "batches; perplexity with a dh_0 in place of the hops in all layers (first_hop_alone: a "
         "= 1), with the paired interval of the loss difference over the same batches. n: tokens.",
         true, amplification},
        {"drift",
         "between consecutive saved snapshots and over the whole run, for each layer: mean over "
         "experts of the angle of a centroid to itself, degrees (stored in 16 bits: below 0.03 is "
         "rounding; null without centroids); share of the choices of the fixed probe sample that "
         "the same token and hop did not make before. n: snapshots.",
         false, drift},
        {"grad_norms",
         "gradient norm before clipping by group: median, quartiles, last; share of updates in "
         "which clipping acted; the same for each phase of the training loss (pieces of "
         "`phases`). against: of the other run. n: updates recorded.",
         false, grad_norms},
        {"zeroing",
         "perplexity with h_accum = 0 in all layers against the model as it is, with the 95 % "
         "paired bootstrap interval of the loss difference over batches (science E22). n: tokens.",
         true, zeroing},
        {"frozen_routing",
         "perplexity and Jaccard with hop 0's choice and weights for all hops (science E10). "
         "n: tokens.",
         true, frozen_routing},
        {"hop_knockout",
         "KL(base || changed) in nats of the next-token distribution where one (layer, hop) "
         "writes nothing, mean over positions; proposed_hops keeps each layer's hops up to the "
         "last whose KL is a tenth of the largest (science E21). n: batches.",
         true, hop_knockout},
    };
    return kTable;
}

}  // namespace hopscope::core
