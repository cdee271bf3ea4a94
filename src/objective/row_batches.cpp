#include "row_batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>
#include <vector>

#include "program_code.hpp"
#include "random.hpp"

namespace lanewise {

namespace {

std::uint64_t random_word(std::uint64_t seed, std::uint64_t index) {
    return random_words(seed, index, 0, Purpose::rows)[0];
}

/// Index of the random word that puts a row in its place; iterations have those below.
constexpr std::uint64_t first_of_order = std::uint64_t{1} << 62U;

/// The rows in their random order, and the first `more` of them once again.
std::vector<std::size_t> random_order(std::size_t rows, std::size_t more, std::uint64_t seed) {
    std::vector<std::size_t> order(rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    for (std::size_t i = rows; i > 1; --i)
        std::swap(order[i - 1], order[random_word(seed, first_of_order + i) % i]);
    for (std::size_t i = 0; i < more; ++i) order.push_back(order[i]);
    return order;
}

Data in_order(const Data& data, const std::vector<std::uint32_t>& wanted,
              const std::vector<std::size_t>& order) {
    std::vector<Column> columns;
    for (std::uint32_t index = 0; index < data.columns().size(); ++index) {
        const Column& from = data.columns()[index];
        Column column{.name = from.name, .numbers = std::vector<double>(order.size())};
        // Those that no one reads only keep the others' indices as they are.
        if (std::ranges::count(wanted, index) != 0) {
            for (std::size_t row = 0; row < order.size(); ++row)
                column.numbers[row] = from.numbers[order[row]];
        }
        columns.push_back(std::move(column));
    }
    return Data(std::move(columns));
}

/// The graph with its sums over rows times a factor.
NodeId with_sums_scaled(const Written& written, double factor, Graph& graph) {
    return copy_replacing(written.graph, written.value, graph, [&](const Node& of, NodeId copy) {
        const bool is_sum = of.kind == Node::Kind::operation && of.op == Opcode::sum_rows;
        return is_sum ? graph.mul(graph.constant(factor), copy) : copy;
    });
}

class RowBatches final : public Objective {
  public:
    RowBatches(const Program::Code& all, std::size_t rows, std::uint64_t seed, Jit jit)
        : all_rows_(all.data->rows()), rows_(rows), seed_(seed), jit_(jit) {
        const auto factor = static_cast<double>(all_rows_) / static_cast<double>(rows_);
        Graph graph(Rewriting::none);
        const NodeId value = with_sums_scaled(all.written, factor, graph);
        code_ = make_program(
            std::move(graph), value, all.written.dimension,
            std::make_shared<const Data>(in_order(*all.data, all.runnable.lowered().shared_columns,
                                                  random_order(all_rows_, rows_, seed_))));
    }

    std::size_t dimension() const noexcept override { return code_->written.dimension; }
    std::size_t scratch_rows() const noexcept override { return code_->runnable.scratch_rows(); }
    bool has_f32() const noexcept override { return true; }
    void evaluate(const Block<double>& block) const override { run(block); }
    void evaluate_f32(const Block<float>& block) const override { run(block); }

  private:
    template <class T>
    void run(const Block<T>& block) const {
        if (jit_ != Jit::off)
            code_->runnable.compile_for(static_cast<double>(block.lanes * rows_), block.isa, precision_of<T>);
        const std::size_t first = random_word(seed_, block.iteration) % all_rows_;
        code_->runnable.run(block, code_->rows<T>(first, rows_));
    }

    std::size_t all_rows_, rows_;
    std::uint64_t seed_;
    Jit jit_;
    std::shared_ptr<const Program::Code> code_;
};

}  // namespace

std::unique_ptr<const Objective> row_batches(const Objective& objective, std::size_t rows, std::uint64_t seed,
                                             Jit jit) {
    const auto* program = dynamic_cast<const Program*>(&objective);
    const Program::Code* code = program == nullptr ? nullptr : &program->code();
    const bool has_rows = code != nullptr && code->data && !code->runnable.lowered().shared_columns.empty();
    if (!has_rows)
        throw std::invalid_argument(
            fmt::format("batch-rows {}: the objective is no formula with rows(...)", rows));
    if (rows < 1 || rows > code->data->rows())
        throw std::invalid_argument(
            fmt::format("batch-rows {}: must be 1 to {}, the rows of the data", rows, code->data->rows()));
    return std::make_unique<const RowBatches>(*code, rows, seed, jit);
}

}  // namespace lanewise
