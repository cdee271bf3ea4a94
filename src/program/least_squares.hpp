// Fits as programs: sums over rows of what a loss says about the model and the response.
#pragma once

#include <cstddef>
#include <optional>

#include "graph.hpp"
#include "lanewise/fit.hpp"

namespace lanewise {

/// Of one row, as nodes of a graph.
struct Observation {
    NodeId model;
    NodeId response;
    std::optional<NodeId> weight = {};  ///< 1 / sigma^2; none: 1
};

/// What a program is to compute of a fit beside its value.
enum class FitOutputs {
    gradient,         ///< [d]
    normal_equations  ///< and then H, as kernels::LeastSquares has it
};

/// The loss of all rows, with its derivatives by the variables: with s the derivative of a row's loss by the
/// model, h the second one (its expectation under the model for the deviances; where a robust loss grows
/// slower than the square, s over the residual) and J_i the derivatives of the model,
///     gradient_i = sum of s J_i        H_ij = sum of h J_i J_j
Outputs fit_outputs(const Graph& written, const Observation& row, Loss loss, double scale,
                    std::size_t dimension, FitOutputs what);

/// An objective with its gradient and, where asked for, its second derivatives H in the same order.
Outputs objective_outputs(const Graph& written, NodeId value, std::size_t dimension, FitOutputs what);

/// The model itself, and its derivatives: of one row, as the sum over that row.
Outputs model_outputs(const Graph& written, NodeId model, std::size_t dimension);

}  // namespace lanewise
