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

/// How far to go for machine code.
enum class Compile {
    look_up,  ///< take it if it has been made before
    begin,    ///< have it made, if need be, and go on meanwhile
    finish,   ///< wait until it is made
};

class OwnKernels {
  public:
    /// The kernels a search may use in place of Objective::evaluate, with the same bits; null: none (yet).
    virtual const kernels::Native* native(Isa isa, Precision precision) const noexcept = 0;

    /// Has these kernels made, where they are not there from the beginning: those of a Program.
    /// \throws std::runtime_error, from `finish` alone, saying why they cannot be made.
    virtual void compile(Isa /*isa*/, Precision /*precision*/, Compile /*how*/) const {}

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
