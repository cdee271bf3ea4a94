#include "form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>
#include <stdexcept>
#include <utility>

#include "identifier.hpp"
#include "program/optimise.hpp"
#include "program/rows.hpp"
#include "program/translate.hpp"

namespace lanewise {

namespace {

void check_names(const Model& model, const Box& box, const Problems& problems) {
    check_names(box, model.parameters, model.tables);
    for (const Problems::Parameter& parameter : problems.parameters) {
        check_identifier("parameter", parameter.name);
        if (is_reserved_name(parameter.name))
            throw std::invalid_argument(
                fmt::format("parameter '{}': the name is taken by the language", parameter.name));
        if (model.parameters.contains(parameter.name))
            throw std::invalid_argument(
                fmt::format("parameter '{}' is given for all problems and for each", parameter.name));
    }
}

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// What a response becomes: NaN where the loss does not allow it; null: every response is allowed.
double (*response_of(Loss loss))(double) {
    switch (loss) {
        case Loss::poisson: return [](double y) { return y >= 0 ? y : nan; };
        case Loss::logistic: return [](double y) { return y >= 0 && y <= 1 ? y : nan; };
        default: return nullptr;
    }
}

/// Indices of the leaves of a kind, each once.
std::vector<std::uint32_t> leaves_of(const Graph& graph, Node::Kind kind) {
    std::set<std::uint32_t> leaves;
    for (NodeId id = 0; id < graph.size(); ++id) {
        if (graph[id].kind == kind) leaves.insert(graph[id].a);
    }
    return {leaves.begin(), leaves.end()};
}

std::vector<std::uint32_t> columns_of(const Graph& graph) {
    return leaves_of(graph, Node::Kind::column);
}

std::vector<std::uint32_t> parameters_of(const Graph& graph) {
    return leaves_of(graph, Node::Kind::parameter);
}

/// A graph with exp of a variable in the place of each that is on a log scale.
NodeId with_logarithms(const Graph& from, NodeId value, const Box& box, Graph& to) {
    return copy_replacing(from, value, to, [&](const Node& of, NodeId copy) {
        const bool is_log = of.kind == Node::Kind::variable && box.is_log(of.a);
        return is_log ? to.apply(Opcode::exp, copy) : copy;
    });
}

}  // namespace

NodeId translate_formula(const char* option, const std::string& formula, FormulaOf of, const Model& model,
                         const Box& box, const Problems& problems, Graph& graph) {
    DataNames names{.tables = &model.tables, .is_of_a_row = of == FormulaOf::a_row};
    for (const Problems::Column& column : problems.columns) names.columns.push_back(column.name);
    for (const Problems::Parameter& parameter : problems.parameters)
        names.parameters.push_back(parameter.name);
    try {
        return translate(formula, box, model.parameters, graph, names);
    } catch (const ParseError& error) {
        throw ParseError(formula, error.position(), error.message(), option);
    }
}

FitColumns::FitColumns(const FitTask& task, const Box& box, const Problems& problems, Isa isa, Jit jit) {
    const Model& model = task.model;
    check_names(model, box, problems);
    for (const Problems::Column& column : problems.columns)
        columns_.push_back({.numbers = column.numbers, .is_shared = column.is_shared});
    Graph written(Rewriting::none);
    translate_formula(task.is_objective ? "expression" : "model", model.formula,
                      task.is_objective ? FormulaOf::all_rows : FormulaOf::a_row, model, box, problems,
                      written);
    named_ = columns_of(written);
    if (task.is_objective) return;
    if (model.response.empty()) throw std::invalid_argument("response: the column that is fitted is missing");
    const auto work_out = [&](const char* option, const std::string& formula, double (*number)(double)) {
        return worked_out({option, formula, number}, model, box, problems, isa, jit);
    };
    response_ = work_out("response", model.response, response_of(model.loss));
    has_weight_ = !model.sigma.empty() || !model.weights.empty();
    if (!model.sigma.empty() && !model.weights.empty())
        throw std::invalid_argument("sigma and weights: one of them says what the other does");
    if (!model.sigma.empty())
        weight_ = work_out("sigma", model.sigma,
                           [](double sigma) { return sigma > 0 ? 1 / (sigma * sigma) : nan; });
    if (!model.weights.empty())
        weight_ =
            work_out("weights", model.weights, [](double weight) { return weight >= 0 ? weight : nan; });
    std::ranges::sort(named_);
    named_.erase(std::unique(named_.begin(), named_.end()), named_.end());
}

std::size_t FitColumns::worked_out(const AtEachRow& rows, const Model& model, const Box& box,
                                   const Problems& problems, Isa isa, Jit jit) {
    const auto& [option, formula, change] = rows;
    Graph translated(Rewriting::none);
    const NodeId of_text =
        translate_formula(option, formula, FormulaOf::a_row, model, box, problems, translated);
    const auto [written, value, unused] = rewritten(translated, of_text, {}, Rewriting::none);
    for (NodeId id = 0; id < written.size(); ++id) {
        if (written[id].kind == Node::Kind::variable)
            throw std::invalid_argument(
                fmt::format("{} '{}': '{}' is a variable of the fit; only columns and "
                            "parameters can stand here",
                            option, formula, box.coordinate_name(written[id].a)));
        if (written.is(id, Opcode::sum_rows))
            throw std::invalid_argument(fmt::format("{} '{}': rows(...) cannot stand here", option, formula));
    }
    const std::vector<std::uint32_t> named = columns_of(written);
    named_.insert(named_.end(), named.begin(), named.end());
    if (written[value].kind == Node::Kind::column && change == nullptr) return written[value].a;
    worked_out_.push_back(std::make_unique<std::vector<double>>(problems.first_rows.back()));
    std::vector<double>& numbers = *worked_out_.back();
    AtRows(model_outputs(written, value, 0), problems, box, isa, jit)
        .visit({}, [&, change = change](std::size_t row, double number, std::span<const double>) {
            numbers[row] = change == nullptr ? number : change(number);
        });
    columns_.push_back({.numbers = numbers});
    return columns_.size() - 1;
}

AtRows::AtRows(const Outputs& outputs, const Problems& problems, const Box& box, Isa isa, Jit jit)
    : problems_(&problems),
      dimension_(box.dimension()),
      isa_(isa),
      jit_(jit),
      program_(lower_cheaply(outputs, {.lane_columns = columns_of(outputs.graph),
                                       .parameters = parameters_of(outputs.graph)}),
               box.dimension()) {}

FitForm::FitForm(const FitTask& task, const Box& box, const Problems& problems, const FitColumns& columns,
                 const DataLayout& layout) {
    const Model& model = task.model;
    const std::size_t d = box.dimension();
    Graph written(Rewriting::none);
    NodeId formula = 0;
    if (task.is_objective) {
        formula = translate_formula("expression", model.formula, FormulaOf::all_rows, model, box, problems,
                                    written);
        if (task.maximize) formula = written.neg(formula);
    } else {
        formula = translate_formula("model", model.formula, FormulaOf::a_row, model, box, problems, written);
    }
    const auto outputs = [&](const Graph& graph, NodeId of_formula, FitOutputs what) {
        if (task.is_objective) return objective_outputs(graph, of_formula, d, what);
        Graph with_observation = graph;
        Observation row{.model = of_formula,
                        .response = with_observation.column(static_cast<std::uint32_t>(columns.response()))};
        if (columns.has_weight())
            row.weight = with_observation.column(static_cast<std::uint32_t>(columns.weight()));
        return fit_outputs(with_observation, row, model.loss, model.loss_scale, d, what);
    };
    const auto program = [&](const Graph& graph, NodeId of_formula, FitOutputs what) {
        return std::make_shared<const Runnable>(lower_cheaply(outputs(graph, of_formula, what), layout), d);
    };
    bool has_log = false;
    for (std::size_t j = 0; j < d; ++j) has_log = has_log || box.is_log(j);
    Graph in_logarithms(Rewriting::none);
    const NodeId formula_in_logarithms = with_logarithms(written, formula, box, in_logarithms);
    descent_ = program(in_logarithms, formula_in_logarithms, FitOutputs::gradient);
    steps_ = program(in_logarithms, formula_in_logarithms, FitOutputs::normal_equations);
    last_ = has_log ? program(written, formula, FitOutputs::normal_equations) : steps_;
}

}  // namespace lanewise
