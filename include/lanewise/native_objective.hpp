/// What lanewise_add_native makes of a functor (lanewise/native.hpp). The code it generates includes this;
/// you need not.
#pragma once

#include <array>
#include <initializer_list>

#include "lanewise/objective.hpp"
#include "lanewise/own_kernels.hpp"

namespace lanewise {

/// A native objective: its kernels for every instruction set of the build.
class NativeObjective final : public Objective, public OwnKernels {
  public:
    struct Build {
        Isa isa;
        const kernels::Native* kernels;
    };

    NativeObjective(std::initializer_list<Build> builds) noexcept;

    std::size_t dimension() const noexcept override;
    void evaluate(const Block<double>& block) const noexcept override;
    bool has_f32() const noexcept override { return true; }
    void evaluate_f32(const Block<float>& block) const noexcept override;
    const kernels::Native* native(Isa isa, Precision precision) const noexcept override;

  private:
    std::array<const kernels::Native*, isas> kernels_{};
    std::size_t dimension_ = 0;
};

}  // namespace lanewise
