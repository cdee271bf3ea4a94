/// What lanewise's own objectives, programs and native objectives, offer a search beyond Objective. Whoever
/// derives from Objective need not know of it.
#pragma once

#include "lanewise/formula.hpp"
#include "lanewise/isa.hpp"
#include "lanewise/objective.hpp"
#include "lanewise/precision.hpp"

namespace lanewise {

namespace kernels {
struct Native;
}

class OwnKernels {
  public:
    /// The kernels a search may use in place of Objective::evaluate, with the same bits; null: none (yet).
    virtual const kernels::Native* native(Isa isa, Precision precision) const noexcept = 0;

    /// Has these kernels made, where they are not there from the beginning: those of a Program.
    /// \throws std::runtime_error saying why they cannot be made.
    virtual void compile(Isa /*isa*/, Precision /*precision*/) const {}

    /// Announces so many evaluations of a point. Has the kernels made as soon as that takes less time than
    /// they would save on all that was announced.
    virtual void compile_for(double /*evaluations*/, Isa /*isa*/, Precision /*precision*/) const {}

    /// The formula that the objective is; null: none. It is kept with a search that is saved, which goes on
    /// with the same formula only.
    virtual const Formula* formula() const noexcept { return nullptr; }

  protected:
    OwnKernels() = default;
    OwnKernels(const OwnKernels&) = default;
    OwnKernels& operator=(const OwnKernels&) = default;
    ~OwnKernels() = default;
};

/// What an objective offers; null: nothing.
inline const OwnKernels* own_kernels(const Objective& objective) noexcept {
    return dynamic_cast<const OwnKernels*>(&objective);
}

}  // namespace lanewise
