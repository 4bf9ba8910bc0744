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
        {"saturation", kSaturationDefinition, false, saturation},
        {"jaccard",
         "|A ∩ B| / |A ∪ B| of the expert sets of consecutive hops, indices within the pool; mean "
         "over tokens; mean = over layers and pairs (science E11). 95 % bootstrap intervals over "
         "validation batches. between_layers: the same of the first hops of two layers, whose "
         "experts have only their number in common; random: two sets drawn evenly. between_steps: "
         "the same hop of the same probe tokens in consecutive saved snapshots, mean and 95 % "
         "bootstrap interval over tokens; damaged: why a snapshot cannot be read. n: tokens.",
         true, jaccard},
        {"hop_divergence",
         "mean of 1 - Jaccard of consecutive hops (science E12). 95 % bootstrap intervals over "
         "validation batches. n: tokens.",
         true, hop_divergence},
        {"echo",
         "mean over tokens of cos(dh_0, dh_1), per layer, then over layers (science E24). 95 % "
         "bootstrap intervals over validation batches. n: tokens.",
         true, echo},
        {"displacement",
         "mean over tokens of the distance between the routing positions of the last and the "
         "first hop, null for routers without positions and layers of one hop; relative_update: "
         "|h_accum| / |LN(x)| (science E12). 95 % bootstrap intervals over validation batches. n: "
         "tokens.",
         true, displacement},
        {"load",
         "choices of each expert over all hops: Gini, coefficient of variation, max / mean, "
         "experts without a choice, share of the five most used, exp(entropy) (science E46). n: "
         "tokens.",
         true, load},
        {"confidence",
         "entropy (nats) and largest probability of the full softmax, mean over tokens and hops "
         "(science E46), 95 % bootstrap intervals over validation batches. uniform_entropy: of "
         "even use, ln(size of a hop's pool), mean over hops. n: tokens.",
         true, confidence},
        {"norms",
         "mean over tokens of |h_accum| / |attention output|, per layer, then over layers "
         "(science E23). 95 % bootstrap intervals over validation batches. n: tokens.",
         true, norms},
        {"collinearity",
         "cosines of all pairs of router rows (centroids; linear: weight rows): mean, mean of "
         "each row's nearest, effective rank exp(H(sigma^2)), largest |cos| (science C4). pools: "
         "of each hop's own pool (unrolled). model_space: the same of the rows W_proj^T c_i (C5), "
         "for each projection and pool. n: rows.",
         true, collinearity},
        {"density",
         "mean angle of a router row to its nearest, and rows per effective dimension, both among "
         "the rows of one pool (unrolled: one a hop), mean over pools weighted by rows. margin: "
         "lowest router score among the chosen - highest among the others, mean over tokens and "
         "hops (cosine: tau x cosine; negative where a selection bias decides); "
         "angle_margin_degrees: angle to the second nearest centroid - angle to the nearest. 95 % "
         "bootstrap intervals over validation batches. n: rows.",
         true, density},
        {"identity",
         "cos(w_down, w_up) of each expert, mean over its ranks (science A10); shares of experts "
         "with |cos| > 0.8 and < 0.2. Intervals 95 %: bootstrap over experts of the mean, "
         "Clopper-Pearson of shares. n: experts.",
         true, identity},
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
         "the same token and hop did not make before. 95 % bootstrap intervals over experts, over "
         "tokens. damaged: snapshots that cannot be read. n: snapshots.",
         false, drift},
        {"grad_norms",
         "gradient norm before clipping by group: median, quartiles, last; share of updates in "
         "which clipping acted, with its Clopper-Pearson interval (95 %; updates are no "
         "independent draws); the same for each phase of the training loss (pieces of `phases`). "
         "against: of the other run. n: updates recorded.",
         false, grad_norms},
        {"zeroing",
         "perplexity with h_accum = 0 in all layers against the model as it is, with the 95 % "
         "paired bootstrap interval of the loss difference over batches (science E22). n: tokens.",
         true, zeroing},
        {"frozen_routing",
         "perplexity and Jaccard with hop 0's choice and weights for all hops (science E10). n: "
         "tokens.",
         true, frozen_routing},
        {"hop_knockout",
         "KL(base || changed) in nats of the next-token distribution where one (layer, hop) "
         "writes nothing, mean over positions; proposed_hops keeps each layer's hops up to the "
         "last whose KL is a tenth of the largest (science E21). experts: the same where each "
         "token's first-ranked expert of one layer writes nothing, the other weights as they are, "
         "in all hops and hop by hop (science B6); control: its second-ranked expert instead, "
         "difference = first - second, batch by batch. largest: of any position. 95 % bootstrap "
         "intervals over batches. KL in fp64. n: batches.",
         true, hop_knockout},
        {"dictionary",
         "words of each expert: the ten tokens v of largest <E_v, w_up> (science B2, E41), beside "
         "those of largest cosine and of -w_up (E42). purity: largest share of the ten in one "
         "category, which is named where more than half are; cohesion: mean pairwise cosine of "
         "their embeddings (A12: pure > 0.35, junk < 0.15); load: choices; hub: mean cosine to "
         "1,000 random tokens above mean + 2 sd of the layer (E40). Rank rows are read one by "
         "one; an expert's words are those of its strongest row. Intervals 95 %: Clopper-Pearson "
         "of shares, bootstrap over rows of means. n: rank rows of experts.",
         true, dictionary},
        {"clusters",
         "HDBSCAN (min_cluster_size 5, min_samples 5, Euclidean on unit vectors; science E43) of "
         "the mean embedding of each expert's ten words, all layers together. coherence: mean "
         "pairwise cosine of a cluster's means; unclustered: share in no cluster. n: rank rows of "
         "experts.",
         true, clusters},
        {"category_search",
         "experts whose ten words overlap most with a category's seed words, hubs left out "
         "(science B7, E40). Classes of a synthetic corpus: a drawn half of their single-token "
         "words are seeds, the others are held out; precision and recall are of the words found "
         "beyond the seeds, against the held-out ones; chance: the precision of random words; "
         "random_best: expected best overlap of as many random word sets. n: rank rows searched.",
         true, category_search},
        {"cross_seed",
         "against a second run of the same tokenizer: for each expert the largest Jaccard of its "
         "twenty words with an expert of the same layer, mean over experts, and the largest "
         "cosine of w_up (science A10). Baselines: one random pair of sets, the best of as many "
         "random sets as the layer has (both exact), the best of random directions read through "
         "the two embeddings (drawn), sqrt(2 ln M / d) and random directions for the cosine. "
         "Intervals 95 %, bootstrap over experts. warnings: where a best match lies above one "
         "random pair but not above the best of as many random ones. n: rank rows of experts.",
         true, cross_seed},
        {"grammar",
         "for each expert the odds ratio of (token of a function word against token of a content "
         "word) x (routed to it in some hop of the layer or not), 0.5 added to each cell; "
         "Fisher's exact p, q by Benjamini-Hochberg over the experts of a layer. enriched: ratio "
         "> 1.5 and q < 0.05; specialists: ratio > 10 (science B3, E45). Neighbouring tokens are "
         "not independent, so p is optimistic. n: tokens.",
         true, grammar},
        {"silhouette",
         "mean silhouette of hop 0's routing positions by cosine distance, at the last token of "
         "2,000 words drawn from the first 10 batches, a third each of function words, the 50 "
         "most frequent content words and other content words. syntax: function against content; "
         "frequency: the 50 against other content words; frequency_with_function: function words "
         "and the 50 against the others. p: 200 permutations; ci95: 500 bootstrap resamples of "
         "tokens; difference = syntax - frequency, depth_trend its Spearman rho with the layer. "
         "control: up to 15 pairs of a function and a content word, frequency ratio < 2, nearest "
         "in tokens, then in letters; p_words deals labels to words, p to tokens (science B3, "
         "E44). n: tokens.",
         true, silhouette},
        {"logit_lens",
         "probability, NLL and rank (1 + tokens with a larger logit) of the true next token when "
         "the final norm and the head read what the stream would be if the layer ended before its "
         "first hop, or after each: the residual stream + h_accum so far (with moe.returns = "
         "\"state\" + x); a dense layer has one stage behind it. Mean over 100 tokens drawn from "
         "each of 20 batches, 95 % bootstrap interval over batches; rise: last stage - first "
         "(science B1). n: tokens.",
         true, logit_lens},
        {"polysemy",
         "|A ∩ B| / |A ∪ B| of the expert sets of one hop for two occurrences of a word, at its "
         "last token, mean over hops and layers; same, different: pairs of one or of two "
         "meanings; mean over words with the 95 % bootstrap interval over words. p: meanings "
         "dealt out anew within each word, 2,000 times, difference = same - different at least as "
         "large. decided_after: words whose meaning follows from later words, which the model "
         "cannot know. control: pairs of a word of one meaning, nearest in frequency (science "
         "B4). Pairs of one meaning also share neighbours. Words of a text of one's own: "
         "--prompts, JSON lines {text, word, meaning}. n: occurrences.",
         true, polysemy},
        {"contexts",
         "for each expert the 5 uses, and one drawn from each fifth of all uses by rank, of the "
         "first 20 batches by strength = |weight · expert(h)|, the norm of what it added, with "
         "the 10 tokens before and 4 after: of the 256 most used experts of a layer, in the table "
         "of all that were used. n: tokens.",
         true, contexts},
        {"coactivation",
         "share of an expert's (token, hop) uses whose set also holds the other one (OLMoE); "
         "expected: (k - 1) / k of the other's share of all turns. strongest_partner: mean over "
         "experts of the largest share, 95 % bootstrap interval over experts; pairs: of experts "
         "with at least a tenth of the mean use. Matrix in the CSV: experts by falling use. n: "
         "tokens.",
         true, coactivation},
        {"specialisation",
         "share of the (token, hop) turns with a label in which an expert is chosen (OLMoE): "
         "labels are token ids seen 16 times or more (each expert's 10 strongest), eighths of the "
         "sequence, and word classes of a synthetic text or else its 16 longest documents; "
         "even_share: k / size of a hop's pool, mean over hops and layers. 95 % bootstrap "
         "interval over experts. n: tokens.",
         true, specialisation},
    };
    return kTable;
}

}  // namespace hopscope::core
