#include "coordinates.hpp"

#include <algorithm>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "inside.hpp"
#include "lanewise/program.hpp"
#include "logarithm.hpp"
#include "program_code.hpp"

namespace lanewise {

namespace {

/// The coordinate of the upper bound: there x is a little below that, and not beyond it.
double upper_coordinate(double lower, double upper) {
    constexpr double rounding = 0x1p-50;
    return log_over(upper, lower) * (1 - rounding);
}

Box box_of(const Box& given) {
    std::vector<Variable> variables;
    for (const Box::Place& place : given.variables()) {
        std::vector<double> lower;
        std::vector<double> upper;
        for (std::size_t j = place.offset; j < place.offset + place.size(); ++j) {
            const bool is_log = given.is_log(j);
            lower.push_back(is_log ? 0 : given.lower()[j]);
            upper.push_back(is_log ? upper_coordinate(given.lower()[j], given.upper()[j]) : given.upper()[j]);
        }
        variables.push_back({.name = place.name,
                             .lower = place.length ? Variable::Bound(lower) : Variable::Bound(lower.front()),
                             .upper = place.length ? Variable::Bound(upper) : Variable::Bound(upper.front()),
                             .length = place.length,
                             .log = place.log.value_or(false) ? std::optional(false) : place.log});
    }
    return Box(std::move(variables));
}

/// lower * exp(t), in two steps where the exponential alone would overflow.
NodeId exp_node(Graph& graph, NodeId t, double lower, double upper) {
    const NodeId from = graph.constant(lower);
    if (log_over(upper, lower) <= most_exponent) return graph.mul(from, graph.apply(Opcode::exp, t));
    const NodeId half = graph.apply(Opcode::exp, graph.mul(graph.constant(0.5), t));
    return graph.mul(graph.mul(from, half), half);
}

/// The program with lower * exp(t) in the place of each variable on a log scale.
Program program_of(const Program& given, const Box& box) {
    Graph written(Rewriting::none);
    const Written& from = given.code().written;
    const NodeId value = copy_replacing(from.graph, from.value, written, [&](const Node& of, NodeId copy) {
        if (of.kind != Node::Kind::variable || !box.is_log(of.a)) return copy;
        return exp_node(written, copy, box.lower()[of.a], box.upper()[of.a]);
    });
    return Program(make_program(std::move(written), value, given.dimension(), given.code().data));
}

/// Any other objective, with the variables worked out for it.
class OfCoordinates final : public Objective {
  public:
    OfCoordinates(const Objective& objective, const Box& box) : objective_(&objective) {
        for (std::size_t j = 0; j < box.dimension(); ++j) {
            if (box.is_log(j)) logs_.push_back({j, box.lower()[j]});
        }
    }

    std::size_t dimension() const noexcept override { return objective_->dimension(); }
    bool has_f32() const noexcept override { return objective_->has_f32(); }
    std::size_t scratch_rows() const noexcept override { return objective_->scratch_rows() + dimension(); }
    Calls calls() const noexcept override { return objective_->calls(); }
    void evaluate(const Block<double>& block) const override { evaluate_in_variables(block); }
    void evaluate_f32(const Block<float>& block) const override { evaluate_in_variables(block); }

  private:
    struct Log {
        std::size_t j;
        double lower;
    };

    template <class T>
    void evaluate_in_variables(const Block<T>& block) const {
        T* const x = block.scratch_rows + objective_->scratch_rows() * block.lanes;
        std::copy_n(block.x_rows, block.lanes * block.dimension, x);
        for (const auto& [j, lower] : logs_) {
            for (T& of_lane : std::span(x + j * block.lanes, block.lanes))
                of_lane = static_cast<T>(exp_over(of_lane, lower));
        }
        Block<T> in_variables = block;
        in_variables.x_rows = x;
        if constexpr (std::is_same_v<T, double>) {
            objective_->evaluate(in_variables);
        } else {
            objective_->evaluate_f32(in_variables);
        }
        for (const auto& [j, lower] : logs_) {
            for (std::size_t lane = 0; lane < block.lanes; ++lane)
                block.g_rows[j * block.lanes + lane] *= x[j * block.lanes + lane];
        }
    }

    const Objective* objective_;
    std::vector<Log> logs_;
};

std::unique_ptr<const Objective> objective_of(const Objective& given, const Box& box) {
    if (const auto* program = dynamic_cast<const Program*>(&given))
        return std::make_unique<Program>(program_of(*program, box));
    return std::make_unique<OfCoordinates>(given, box);
}

}  // namespace

Coordinates::Coordinates(const Objective& objective, const Box& box,
                         const std::vector<std::vector<double>>& points)
    : given_objective_(&objective), given_box_(&box), given_points_(&points) {
    bool has_log = false;
    for (std::size_t j = 0; j < box.dimension(); ++j) has_log = has_log || box.is_log(j);
    if (!has_log) return;
    objective_ = objective_of(objective, box);
    box_ = std::make_unique<Box>(box_of(box));
    points_ = points;
    for (std::vector<double>& x : points_) {
        for (std::size_t j = 0; j < box.dimension(); ++j) {
            if (!box.is_log(j)) continue;
            x[j] = x[j] == box.upper()[j] ? box_->upper()[j]
                                          : inside(log_over(x[j], box.lower()[j]), 0.0, box_->upper()[j]);
        }
    }
}

void Coordinates::to_variables(std::span<double> x) const {
    if (are_plain()) return;
    for (std::size_t j = 0; j < x.size(); ++j) {
        if (!given_box_->is_log(j)) continue;
        const double lower = given_box_->lower()[j];
        const double upper = given_box_->upper()[j];
        x[j] = x[j] == box_->upper()[j] ? upper : inside(exp_over(x[j], lower), lower, upper);
    }
}

}  // namespace lanewise
