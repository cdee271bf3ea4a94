#include "optimise.hpp"

#include <utility>

#include "differentiate.hpp"
#include "rows.hpp"

namespace lanewise {

Lowered lower_cheaply(const Outputs& outputs, const DataLayout& layout) {
    return lower(
        with_loops_apart(rewritten(outputs.graph, outputs.value, outputs.gradient, Rewriting::strength)),
        layout);
}

Optimised optimise(Graph written, NodeId value, std::size_t dimension, const DataLayout& layout) {
    Outputs outputs = rewritten(written, value, {}, Rewriting::algebra);
    outputs.gradient = differentiate(outputs.graph, outputs.value, dimension);
    Lowered lowered = lower_cheaply(outputs, layout);
    return {{dimension, std::move(written), value}, std::move(lowered)};
}

}  // namespace lanewise
