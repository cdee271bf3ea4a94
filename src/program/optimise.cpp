#include "optimise.hpp"

#include <utility>

#include "differentiate.hpp"

namespace lanewise {

Optimised optimise(Graph written, NodeId value, std::size_t dimension) {
    Outputs outputs = rewritten(written, value, {}, Rewriting::algebra);
    outputs.gradient = differentiate(outputs.graph, outputs.value, dimension);
    Lowered lowered = lower(rewritten(outputs.graph, outputs.value, outputs.gradient, Rewriting::strength));
    return {dimension, std::move(written), value, std::move(lowered)};
}

}  // namespace lanewise
