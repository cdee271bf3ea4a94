#include "least_squares.hpp"

#include <limits>
#include <utility>
#include <vector>

#include "differentiate.hpp"

namespace lanewise {

namespace {

/// A row's loss, its derivative by the model, and the second one.
struct Terms {
    NodeId loss, slope, curvature;
};

class LossTerms {
  public:
    LossTerms(Graph& graph, const Observation& row, double scale)
        : graph_(&graph), row_(row), squared_scale_(graph.constant(scale * scale)) {}

    Terms of(Loss loss) {
        switch (loss) {
            case Loss::squared: return squared();
            case Loss::huber: return huber();
            case Loss::soft_l1: return soft_l1();
            case Loss::cauchy: return cauchy();
            case Loss::poisson: return poisson();
            case Loss::logistic: break;
        }
        return logistic();
    }

  private:
    NodeId number(double value) { return graph_->constant(value); }
    NodeId weighted(NodeId a) { return row_.weight ? graph_->mul(*row_.weight, a) : a; }
    NodeId residual() { return graph_->sub(row_.model, row_.response); }

    Terms squared() {
        const NodeId r = residual();
        const NodeId weighted_r = weighted(r);
        return {graph_->mul(weighted_r, r), graph_->mul(number(2), weighted_r), weighted(number(2))};
    }

    /// Of a loss c^2 rho(u) with u = z / c^2: `flatter` is the derivative of rho; for the square it is 1.
    Terms robust(NodeId rho, NodeId flatter) {
        const Terms square = squared();
        return {graph_->mul(squared_scale_, rho), graph_->mul(flatter, square.slope),
                graph_->mul(flatter, square.curvature)};
    }

    NodeId scaled() { return graph_->div(squared().loss, squared_scale_); }

    Terms huber() {
        const NodeId one = number(1);
        const NodeId u = scaled();
        const NodeId is_near = graph_->apply(Opcode::le, u, one);
        const NodeId root = graph_->apply(Opcode::sqrt, u);
        const NodeId far = graph_->sub(graph_->mul(number(2), root), one);
        return robust(graph_->select(is_near, u, far), graph_->select(is_near, one, graph_->div(one, root)));
    }

    Terms soft_l1() {
        const NodeId one = number(1);
        const NodeId u = scaled();
        const NodeId root = graph_->apply(Opcode::sqrt, graph_->add(one, u));
        // 2 (root - 1) without cancellation
        const NodeId rho = graph_->div(graph_->mul(number(2), u), graph_->add(one, root));
        return robust(rho, graph_->div(one, root));
    }

    Terms cauchy() {
        const NodeId one = number(1);
        const NodeId u = scaled();
        return robust(graph_->apply(Opcode::log1p, u), graph_->div(one, graph_->add(one, u)));
    }

    Terms poisson() {
        const NodeId zero = number(0);
        const NodeId two = number(2);
        const NodeId m = row_.model;
        const NodeId y = row_.response;
        const NodeId ratio = graph_->div(y, m);
        const NodeId part = graph_->mul(y, graph_->apply(Opcode::log, ratio));
        const NodeId has_part = graph_->apply(Opcode::lt, zero, y);
        const NodeId loss = graph_->sub(graph_->select(has_part, part, zero), graph_->sub(y, m));
        const NodeId is_mean = graph_->apply(Opcode::lt, zero, m);
        const NodeId never = number(std::numeric_limits<double>::infinity());
        return {graph_->select(is_mean, weighted(graph_->mul(two, loss)), never),
                weighted(graph_->mul(two, graph_->sub(number(1), ratio))), weighted(graph_->div(two, m))};
    }

    Terms logistic() {
        const NodeId zero = number(0);
        const NodeId one = number(1);
        const NodeId two = number(2);
        const NodeId m = row_.model;
        const NodeId e = graph_->apply(Opcode::exp, graph_->neg(graph_->apply(Opcode::abs, m)));
        const NodeId one_and_e = graph_->add(one, e);
        const NodeId softplus =
            graph_->add(graph_->apply(Opcode::max, m, zero), graph_->apply(Opcode::log1p, e));
        const NodeId loss = graph_->sub(softplus, graph_->mul(row_.response, m));
        const NodeId is_positive = graph_->apply(Opcode::lt, zero, m);
        const NodeId p = graph_->div(graph_->select(is_positive, one, e), one_and_e);
        const NodeId spread = graph_->div(e, graph_->mul(one_and_e, one_and_e));
        return {weighted(graph_->mul(two, loss)), weighted(graph_->mul(two, graph_->sub(p, row_.response))),
                weighted(graph_->mul(two, spread))};
    }

    Graph* graph_;
    Observation row_;
    NodeId squared_scale_;
};

}  // namespace

Outputs fit_outputs(const Graph& written, const Observation& row, Loss loss, double scale,
                    std::size_t dimension, FitOutputs what) {
    std::vector<NodeId> others = {row.response};
    if (row.weight) others.push_back(*row.weight);
    Outputs of_row = rewritten(written, row.model, others, Rewriting::algebra);
    Graph graph = std::move(of_row.graph);
    Observation observation{.model = of_row.value, .response = of_row.gradient[0]};
    if (row.weight) observation.weight = of_row.gradient[1];
    const std::vector<NodeId> slopes = differentiate(graph, observation.model, dimension);
    const Terms terms = LossTerms(graph, observation, scale).of(loss);
    std::vector<NodeId> outputs;
    outputs.reserve(slopes.size());
    for (const NodeId slope : slopes) outputs.push_back(graph.sum_rows(graph.mul(terms.slope, slope)));
    if (what == FitOutputs::normal_equations) {
        for (std::size_t i = 0; i < dimension; ++i) {
            const NodeId curved = graph.mul(terms.curvature, slopes[i]);
            for (std::size_t j = 0; j <= i; ++j)
                outputs.push_back(graph.sum_rows(graph.mul(curved, slopes[j])));
        }
    }
    const NodeId value = graph.sum_rows(terms.loss);
    return {std::move(graph), value, std::move(outputs)};
}

Outputs objective_outputs(const Graph& written, NodeId value, std::size_t dimension, FitOutputs what) {
    Outputs outputs = rewritten(written, value, {}, Rewriting::algebra);
    outputs.gradient = differentiate(outputs.graph, outputs.value, dimension);
    for (std::size_t i = 0; i < dimension && what == FitOutputs::normal_equations; ++i) {
        const std::vector<NodeId> second = differentiate(outputs.graph, outputs.gradient[i], i + 1);
        outputs.gradient.insert(outputs.gradient.end(), second.begin(), second.end());
    }
    return outputs;
}

Outputs model_outputs(const Graph& written, NodeId model, std::size_t dimension) {
    Outputs outputs = rewritten(written, model, {}, Rewriting::algebra);
    std::vector<NodeId> gradient = differentiate(outputs.graph, outputs.value, dimension);
    for (NodeId& slope : gradient) slope = outputs.graph.sum_rows(slope);
    outputs.value = outputs.graph.sum_rows(outputs.value);
    outputs.gradient = std::move(gradient);
    return outputs;
}

}  // namespace lanewise
