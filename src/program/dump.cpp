// A program as text.
#include <fmt/format.h>

#include <initializer_list>
#include <iterator>
#include <map>

#include "differentiate.hpp"
#include "optimise.hpp"

namespace lanewise {

namespace {

using Counts = std::map<Opcode, std::size_t>;

Counts count(const Lowered& lowered) {
    Counts counts;
    visit_operations(lowered, [&](Opcode op) { ++counts[op]; });
    return counts;
}

/// What value and gradient take when every operation is done as it was written.
Counts count_as_written(Graph graph, NodeId value, std::size_t dimension) {
    const std::vector<NodeId> gradient = differentiate(graph, value, dimension);
    const Outputs needed = rewritten(graph, value, gradient, Rewriting::none);
    Counts counts;
    for (NodeId id = 0; id < needed.graph.size(); ++id) {
        if (needed.graph.is_operation(id)) ++counts[needed.graph[id].op];
    }
    return counts;
}

std::size_t total(const Counts& counts) {
    std::size_t sum = 0;
    for (const auto& [op, number] : counts) sum += number;
    return sum;
}

std::string row_name(std::uint32_t operand, const std::vector<double>& constants) {
    const std::uint32_t index = operand & kernels::index_mask;
    switch (operand >> kernels::space_shift) {
        case kernels::variable: return fmt::format("x[{}]", index);
        case kernels::scratch: return fmt::format("r{}", index);
        case kernels::constant: return fmt::format("{}", constants[index]);
        case kernels::gradient: return fmt::format("g[{}]", index);
        case kernels::shared_column:
        case kernels::lane_column: return fmt::format("row[{}]", index);
        case kernels::parameter: return fmt::format("p[{}]", index);
        default: return "f";
    }
}

/// "to = operation operands".
std::string line(const kernels::Instruction& i, const std::vector<double>& constants) {
    const auto row = [&](std::uint32_t operand) { return row_name(operand, constants); };
    const auto operation = [](Opcode op, std::initializer_list<std::string> operands) {
        std::string text(name(op));
        for (auto at = operands.begin(); at != operands.begin() + kernels::operand_count(op); ++at)
            text.append(" ").append(*at);
        return text;
    };
    if (i.op == Opcode::sincos)
        return fmt::format("{}, {} = {}", row(i.to), row(i.b), operation(i.op, {row(i.a)}));
    if (i.op == Opcode::twins)
        return fmt::format("{} = {}; {} = {}", row(i.to),
                           operation(kernels::twin_first(i.variant), {row(i.a), row(i.b), row(i.c)}),
                           row(i.e),
                           operation(kernels::twin_second(i.variant), {row(i.a), row(i.b), row(i.d)}));
    return fmt::format("{} = {}", row(i.to), operation(i.op, {row(i.a), row(i.b), row(i.c)}));
}

}  // namespace

std::string dump(const Written& written, const Lowered& lowered) {
    const Counts before = count_as_written(written.graph, written.value, written.dimension);
    const Counts after = count(lowered);
    Counts all = before;
    all.insert(after.begin(), after.end());

    std::string text;
    const auto out = std::back_inserter(text);
    const auto count_of = [](const Counts& counts, Opcode op) {
        const auto found = counts.find(op);
        return found == counts.end() ? 0 : found->second;
    };
    fmt::format_to(out, "operations   as written  optimised\n");
    for (const auto& [op, unused] : all)
        fmt::format_to(out, "  {:<12} {:>8} {:>10}\n", name(op), count_of(before, op), count_of(after, op));
    fmt::format_to(out, "  {:<12} {:>8} {:>10}\n", "total", total(before), total(after));
    fmt::format_to(out, "{} constants, {} scratch rows\n\n", lowered.constants.size(), lowered.registers);
    for (const kernels::Instruction& instruction : lowered.instructions)
        fmt::format_to(out, "{}\n", line(instruction, lowered.constants));
    return text;
}

}  // namespace lanewise
