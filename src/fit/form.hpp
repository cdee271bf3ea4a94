// What all problems of a batch have in common: the model as programs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aligned.hpp"
#include "lanewise/box.hpp"
#include "lanewise/fit.hpp"
#include "lanewise/problems.hpp"
#include "objective/runnable.hpp"
#include "program/least_squares.hpp"

namespace lanewise {

/// What is done with problems.
struct FitTask {
    /// A fit, or an objective: the formula alone, of all rows.
    Model model;
    bool is_objective = false;
    bool maximize = false;        ///< of an objective
    std::size_t most_minima = 0;  ///< that are told of each problem
};

/// The numbers of a column: of all problems one after the other, or the same rows for each.
struct ColumnNumbers {
    std::span<const double> numbers;
    bool is_shared = false;
};

/// The columns that programs read, by the index that they have in graphs: those of the problems, then the
/// response and the weight where these are worked out from them.
class FitColumns {
  public:
    /// Works out response and weight, a row per lane. Keeps a reference to the problems.
    /// \throws ParseError, std::invalid_argument naming the option.
    FitColumns(const FitTask& task, const Box& box, const Problems& problems, Isa isa, Jit jit);

    const std::vector<ColumnNumbers>& columns() const noexcept { return columns_; }
    std::size_t response() const noexcept { return response_; }
    bool has_weight() const noexcept { return has_weight_; }
    std::size_t weight() const noexcept { return weight_; }
    /// Columns whose missing values leave a row out: those that the formulas name.
    const std::vector<std::uint32_t>& named() const noexcept { return named_; }

  private:
    /// The numbers that a formula has at each row.
    struct AtEachRow {
        const char* option;
        const std::string& formula;
        double (*number)(double);  ///< what becomes of them; null: they stay as they are
    };
    /// Index of the column that holds them.
    std::size_t worked_out(const AtEachRow& rows, const Model& model, const Box& box,
                           const Problems& problems, Isa isa, Jit jit);

    std::vector<ColumnNumbers> columns_;
    std::size_t response_ = 0, weight_ = 0;
    bool has_weight_ = false;
    std::vector<std::uint32_t> named_;
    std::vector<std::unique_ptr<std::vector<double>>> worked_out_;
};

/// What a formula is of.
enum class FormulaOf { a_row, all_rows };

/// Adds what a formula says to a graph; columns and parameters have the indices of the problems'. `option` is
/// what errors call the text.
NodeId translate_formula(const char* option, const std::string& formula, FormulaOf of, const Model& model,
                         const Box& box, const Problems& problems, Graph& graph);

/// A formula at each row of each problem, a row per lane.
class AtRows {
  public:
    /// The outputs are those of model_outputs.
    AtRows(const Outputs& outputs, const Problems& problems, const Box& box, Isa isa, Jit jit);

    /// Calls visit(row, value, gradient) with the rows of all problems one after the other. `x` are the
    /// variables, [problem][d]; empty where the formula has none.
    template <class Visit>
    void visit(std::span<const double> x, Visit visit) const;

  private:
    const Problems* problems_;
    std::size_t dimension_;
    Isa isa_;
    Jit jit_;
    Runnable program_;
};

template <class Visit>
void AtRows::visit(std::span<const double> x, Visit visit) const {
    constexpr std::size_t lanes = 8 * kernels::lane_group;
    const Lowered& lowered = program_.lowered();
    const std::size_t d = dimension_;
    const std::size_t columns = lowered.lane_columns.size();
    const std::size_t count = problems_->first_rows.back();
    if (jit_ != Jit::off) program_.compile_for(static_cast<double>(count), isa_, Precision::f64);
    const AlignedArray<double> points(d * lanes);
    const AlignedArray<double> data(columns * lanes);
    const AlignedArray<double> parameters(lowered.parameters.size() * lanes);
    const AlignedArray<double> scratch(program_.scratch_rows() * lanes);
    const AlignedArray<double> outputs((1 + lowered.outputs) * lanes);
    std::vector<double> gradient(lowered.outputs);
    std::size_t problem = 0;
    for (std::size_t first = 0; first < count; first += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            const std::size_t row = std::min(first + lane, count - 1);
            while (problems_->first_rows[problem + 1] <= row) ++problem;
            for (std::size_t c = 0; c < columns; ++c) {
                const Problems::Column& column = problems_->columns[lowered.lane_columns[c]];
                const std::size_t at = column.is_shared ? row - problems_->first_rows[problem] : row;
                data[c * lanes + lane] = column.numbers[at];
            }
            for (std::size_t i = 0; i < lowered.parameters.size(); ++i)
                parameters[i * lanes + lane] = problems_->parameters[lowered.parameters[i]].numbers[problem];
            for (std::size_t j = 0; j < d; ++j) points[j * lanes + lane] = x.empty() ? 0 : x[problem * d + j];
        }
        double* const f = outputs.data();
        const Block<double> block{lanes, d, points.data(), f, f + lanes, scratch.data(), isa_};
        const kernels::DataRows<double> rows{.by_lane = data.data(),
                                             .parameters = parameters.data(),
                                             .lane_columns = columns,
                                             .least = 1,
                                             .most = 1};
        program_.run(block, rows);
        for (std::size_t lane = 0; lane < std::min(lanes, count - first); ++lane) {
            for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = f[(1 + i) * lanes + lane];
            visit(first + lane, f[lane], std::span<const double>(gradient));
        }
    }
}

/// The programs of a fit. A variable on a log scale is its logarithm in those of the search.
class FitForm {
  public:
    FitForm(const FitTask& task, const Box& box, const Problems& problems, const FitColumns& columns,
            const DataLayout& layout);

    const Runnable& descent() const noexcept { return *descent_; }  ///< value and gradient, of the search
    const Runnable& steps() const noexcept { return *steps_; }      ///< and normal equations
    const Runnable& last() const noexcept { return *last_; }        ///< the same of the variables themselves

  private:
    std::shared_ptr<const Runnable> descent_, steps_, last_;
};

}  // namespace lanewise
