#include "lanewise/native_objective.hpp"

#include "kernels/table.hpp"

namespace lanewise {

NativeObjective::NativeObjective(std::initializer_list<Build> builds) noexcept {
    for (const Build& build : builds) {
        kernels_[static_cast<std::size_t>(build.isa)] = build.kernels;
        dimension_ = build.kernels->dimension;
    }
}

std::size_t NativeObjective::dimension() const noexcept {
    return dimension_;
}

void NativeObjective::evaluate(const Block<double>& block) const noexcept {
    kernels_[static_cast<std::size_t>(block.isa)]->f64.evaluate(block.lanes, block.x_rows, block.f_row,
                                                                block.g_rows, block.scratch_rows);
}

void NativeObjective::evaluate_f32(const Block<float>& block) const noexcept {
    kernels_[static_cast<std::size_t>(block.isa)]->f32.evaluate(block.lanes, block.x_rows, block.f_row,
                                                                block.g_rows, block.scratch_rows);
}

const kernels::Native* NativeObjective::native(Isa isa, Precision /*precision*/) const noexcept {
    return kernels_[static_cast<std::size_t>(isa)];
}

}  // namespace lanewise
