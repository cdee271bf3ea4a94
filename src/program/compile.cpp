#include "compile.hpp"

#include <algorithm>

#include "differentiate.hpp"

namespace lanewise {

namespace {

template <class T>
AlignedArray<T> constant_rows(const std::vector<double>& constants) {
    AlignedArray<T> rows(constants.size() * kernels::lane_group);
    for (std::size_t i = 0; i < constants.size(); ++i)
        std::fill_n(rows.data() + i * kernels::lane_group, kernels::lane_group, static_cast<T>(constants[i]));
    return rows;
}

}  // namespace

std::shared_ptr<const Program::Code> compile(Graph written, NodeId value, std::size_t dimension) {
    Outputs outputs = rewritten(written, value, {}, Rewriting::algebra);
    outputs.gradient = differentiate(outputs.graph, outputs.value, dimension);
    Lowered lowered = lower(rewritten(outputs.graph, outputs.value, outputs.gradient, Rewriting::strength));
    AlignedArray<double> f64 = constant_rows<double>(lowered.constants);
    AlignedArray<float> f32 = constant_rows<float>(lowered.constants);
    return std::make_shared<const Program::Code>(
        Program::Code{dimension, std::move(written), value, std::move(lowered), std::move(f64),
                      std::move(f32), std::make_unique<std::array<std::array<jit::Compiled, 2>, isas>>()});
}

}  // namespace lanewise
