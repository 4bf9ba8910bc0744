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
         "validation batches. n: tokens.",
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
         "experts without a choice, share of the five most used, exp(entropy) (science E46). "
         "n: tokens.",
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
         "cosines of all pairs of router rows (centroids; linear: weight rows): mean, mean of each "
         "row's nearest, effective rank exp(H(sigma^2)), largest |cos| (science C4). n: rows.",
         true, collinearity},
        {"density",
         "mean angle of a router row to its nearest, and rows per effective dimension. n: rows.",
         true, density},
        {"identity",
         "cos(w_down, w_up) of each expert, mean over its ranks (science A10). n: experts.", true,
         identity},
        {"zeroing",
         "perplexity with h_accum = 0 in all layers against the model as it is, with the 95 % "
         "paired bootstrap interval of the loss difference over batches (science E22). n: tokens.",
         true, zeroing},
        {"frozen_routing",
         "perplexity and Jaccard with hop 0's choice and weights for all hops (science E10). "
         "n: tokens.",
         true, frozen_routing},
        {"hop_knockout",
         "KL(base || changed) in nats of the next-token distribution where one (layer, hop) writes "
         "nothing, mean over positions; proposed_hops keeps each layer's hops up to the last whose "
         "KL is a tenth of the largest (science E21). n: batches.",
         true, hop_knockout},
        {"dictionary",
         "words of each expert: the ten tokens v of largest <E_v, w_up> (science B2, E41), beside "
         "those of largest cosine and of -w_up (E42). purity: share of the ten in one category, "
         "where more than half are; cohesion: mean pairwise cosine of their embeddings (A12: pure "
         "> 0.35, junk < 0.15); load: choices; hub: mean cosine to 1,000 random tokens above mean "
         "+ 2 sd of the layer (E40). Rank rows are read one by one; an expert's words are those of "
         "its strongest row. Intervals 95 %: Clopper-Pearson of shares, bootstrap over rows of "
         "means. n: rank rows of experts.",
         true, dictionary},
        {"clusters",
         "HDBSCAN (min_cluster_size 5, min_samples 5, Euclidean on unit vectors; science E43) of "
         "the mean embedding of each expert's ten words, all layers together. coherence: mean "
         "pairwise cosine of a cluster's means; unclustered: share in no cluster. n: rank rows of "
         "experts.",
         true, clusters},
        {"category_search",
         "experts whose ten words overlap most with a category's seed words, hubs left out "
         "(science "
         "B7, E40). Classes of a synthetic corpus: a drawn half of their single-token words are "
         "seeds, the others are held out; precision and recall are of the words found beyond the "
         "seeds, against the held-out ones; chance: the precision of random words; random_best: "
         "expected best overlap of as many random word sets. n: rank rows searched.",
         true, category_search},
        {"cross_seed",
         "against a second run of the same tokenizer: for each expert the largest Jaccard of its "
         "twenty words with an expert of the same layer, mean over experts, and the largest cosine "
         "of w_up (science A10). Baselines: one random pair of sets, the best of as many random "
         "sets as the layer has (both exact), the best of random directions read through the two "
         "embeddings (drawn), sqrt(2 ln M / d) and random directions for the cosine. Intervals 95 "
         "%, bootstrap over experts. n: rank rows of experts.",
         true, cross_seed},
    };
    return kTable;
}

}  // namespace hopscope::core
