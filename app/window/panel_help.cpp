#include "app/window/panel_help.h"

#include <algorithm>

namespace hopscope::app {
namespace {

constexpr PanelHelp kHelp[] = {
    {"Run",
     "How the run stands, and the controls of its training. Settings and freezes take effect at "
     "the next update and are pending until then; every command is listed below with its answer. "
     "Grey controls say why when the pointer rests on them.",
     {{"Right click on Step", "Several steps, then pause"}}},
    {"Curves",
     "Losses, rates and routing statistics as the run went on. The faint line is what was "
     "measured, the bright one its running mean; tinted bands are the phases found in the loss, "
     "amber lines the commands. A fork or a race draws its lanes over each other.",
     {{"Drag", "Move along the axes"},
      {"Wheel", "Zoom at the pointer"},
      {"Click on a name in the legend", "Hide or show its line"}}},
    {"Routing space",
     "Where the experts' centroids (discs, their size the load) and tokens (points) lie when the "
     "router compares them: a token goes to the centroids whose directions are nearest. Colour is "
     "the place in this space and means the same expert in all panels. What two or three axes "
     "cannot show is lost: the title says which part of the variance is seen.",
     {{"Shift+drag", "Select in a box, besides what is selected"},
      {"Alt+drag", "Select in a lasso"},
      {"Ctrl+drag", "Move a centroid"},
      {"Double click", "Fit the picture"}}},
    {"Trajectory",
     "A prompt on its way through the model: in each token's chip a column is a layer and a row a "
     "hop, coloured by the place of the expert with most weight. Below are the experts and weights "
     "of the token that is selected, what the model expects next, and what it would cost to halt "
     "tokens whose updates have become small.",
     {{"Click on a token", "Select it in all panels"}, {"Shift+click", "Add it"}}},
    {"Intervene",
     "What happens to the next token when routing is changed on a prompt: before, after, and under "
     "a random control of equal size, the same done to experts drawn at random. An effect counts "
     "only as far as it exceeds the control. The stack acts on a copy of the model, the run in "
     "training is untouched unless a row is applied to it.",
     {{"Drag on a strength", "Change it and measure again"}}},
    {"Halting",
     "What is saved when a token stops its hops because its last update was small, and what that "
     "costs in quality, measured over thresholds with time and mean hops. Grey is the same number "
     "of hops saved at random: a threshold is worth something as far as it does better than that.",
     {}},
    {"Experts",
     "What each expert reads and writes, how much it is used, and its neighbours; the words come "
     "from the tokens that chose it and, once the analysis dictionary was made, from its weights. "
     "The card shows the selected expert with its strongest contexts.",
     {{"Click on a row", "Select the expert in all panels"}}},
    {"Statistics",
     "How routing is spread over experts, hops and layers at the step shown: overlap of the "
     "expert sets of two hops (Jaccard), cosines between centroids, load over time. A dashed line "
     "marks what chance or an even spread would give, where that is known.",
     {{"Click on a cell", "Select its experts"}}},
    {"Analyses",
     "Every analysis of the laboratory on the newest checkpoint, computed in the background and "
     "kept in the folder of the run. Each result comes with its definition, the number n that it "
     "rests on, and an interval where it is a sample's.",
     {{"Click on a column", "Sort by it"}}},
    {"Compared runs",
     "The runs that stand beside each other in the layout Compare, grouped by variant, with their "
     "seeds. The reference is what the others' differences are taken from; colour and glyph belong "
     "to a variant in every panel.",
     {}},
    {"Settings that differ",
     "The settings in which the compared variants are not alike, a column a variant. Whatever is "
     "not listed they share; all settings can be shown instead.",
     {}},
    {"Pairwise differences",
     "The difference of validation loss of every two variants with its interval, beside the margin "
     "within which two count as equivalent. An interval that lies inside the margin says "
     "equivalent, one that excludes zero says different, all others leave it undecided.",
     {{"Drag on the band", "Set the margin"}}},
    {"Equivalence",
     "All variants against each other: differences above the diagonal, the p value of the test for "
     "equivalence (TOST) below it. A small p below the diagonal is evidence that two variants are "
     "the same within the margin, not that they differ.",
     {{"Click on a cell", "Choose this pair in all panels"}}},
    {"Matched experts",
     "Experts of two runs, or of two steps of one run, that resemble each other most, from the "
     "most alike to the least. The row of chance says how alike the best partner of an expert "
     "would be if there were nothing in common.",
     {}},
    {"Coupling",
     "Whether the direction by which the router finds an expert agrees with what the expert reads. "
     "High alignment, and activations that rise with the routing score, say that router and expert "
     "have learned the same thing; a level near the control says that they have not. Of an "
     "imported "
     "model: its alignment, where it was imported with its experts.",
     {}},
    {"Model",
     "The configuration as a diagram from the embedding to the head, with parameters and "
     "operations of each part. It shows what is built, the norms beside it what the parts do at "
     "the step shown.",
     {}},
    {"Sweep",
     "What runs came to over what they are set to or cost, a point a run, with the mean of a "
     "variant and the range over its seeds. Points on the front are beaten by no other in both "
     "axes at once.",
     {}},
    {"Log",
     "Messages of the window and the run, and every command with the step at which it took effect. "
     "Commands can be copied as the script that replays them without a window.",
     {}},
};

}  // namespace

std::span<const PanelHelp> panel_help() {
    return kHelp;
}

const PanelHelp* help_on(std::string_view title) {
    const auto* found = std::find_if(std::begin(kHelp), std::end(kHelp),
                                     [&](const PanelHelp& help) { return title == help.title; });
    return found == std::end(kHelp) ? nullptr : found;
}

}  // namespace hopscope::app
