/// The program: an objective as straight-line code, value and exact gradient together.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "lanewise/objective.hpp"
#include "lanewise/own_kernels.hpp"

namespace lanewise {

/// The machine code of a program for one instruction set and precision.
struct CodeReport {
    std::size_t bytes = 0;  ///< 0: none has been made
    double seconds = 0;     ///< that making it took
    std::string why_not{};  ///< why it could not be made; empty where making it was not tried, or went well
};

/// What formulas (Expression) and recorded C++ functions (trace) become: common subexpressions once,
/// constants folded, powers as products, products fused with sums, sines paired with cosines; then run a
/// block of points at a time, as machine code made in the process or by a SIMD interpreter. Cheap to copy.
///
/// The optimiser moves every operation written by at most 1 ULP of its operands' sizes (x^n: |n| ULP), apart
/// from the sign of a zero and what follows from it (1/0, atan2), and never makes a finite value or
/// derivative infinite or NaN. Sums that a root, logarithm or comparison is taken of are rounded as they are
/// written.
///
/// Derivatives are exact and follow the taken branch; a branch that is not taken adds nothing, whatever its
/// value and derivatives are there. In the chain rule 0 times an infinite derivative is 0 where the value is
/// finite: exp(-1/x^2), atan(1/x) and 1/(1 + 1/x) have the derivative 0 at x = 0. Where the value is finite
/// but has no finite derivative, the derivative is fixed as follows:
///     abs(x) at 0                              0
///     sqrt(x), cbrt(x), x^p (0 < p < 1) at 0   0
///     asin(x), acos(x) at -1 and 1             0
///     hypot(x, y) at (0, 0)                    0, 0
///     atan2(x, y) at (0, 0), x and y infinite  0, 0
///     min, max at a tie                        the first argument's
///     clamp(x, a, b) at x = a or x = b         that of x
///     sign, floor, ceil, trunc, round          0 everywhere, as of comparisons
///     mod(x, y)                                1 and -floor(x/y), at the jumps too
///     x^p at x = 0, by x                       1 for p = 1, else 0
///     x^p for infinite p, by x                 0
///     x^p at x <= 0 and for infinite x, by p   0
/// With an exponent p that is no constant, the derivative of x^p by x is p x^p/x, and so 0 where x^p
/// underflows to 0. A derivative beyond the range of the numbers is infinite, and with one on the way from
/// the value back to a variable the derivative there may be infinite or NaN: log(x) at 1e-310, y*x^-1 at x =
/// 1e-160.
///
/// mod(x, y) = x - y floor(x/y) is exact for a power of two y. For others it is off by up to an ULP of x, can
/// be that far outside of [0, y), and means nothing where that is more than y (quotients beyond 2^53).
///
/// Values follow IEEE 754 and C: x*log(x) and sin(x)/x are NaN at 0, and a run that gets there ends; write
/// if(x > 0, x*log(x), 0), or select in C++.
class Program : public Objective, public OwnKernels {
  public:
    std::size_t dimension() const noexcept final;
    void evaluate(const Block<double>& block) const noexcept final;
    bool has_f32() const noexcept final { return true; }
    void evaluate_f32(const Block<float>& block) const noexcept final;
    std::size_t scratch_rows() const noexcept final;
    const kernels::Native* native(Isa isa, Precision precision) const noexcept final;
    void compile(Isa isa, Precision precision) const final;
    void compile_for(double evaluations, Isa isa, Precision precision) const final;

    /// What is known of the program's machine code.
    CodeReport machine_code(Isa isa, Precision precision) const;

    /// Number of operations for value and gradient of one point.
    std::size_t operations() const noexcept;

    /// The program as text: how many operations of each kind there were as written, with the gradient, and
    /// how many the optimiser left; then the operations in order. x[j], g[j] and f are the rows of a block,
    /// r0, r1, ... its scratch rows.
    std::string dump() const;

    /// The program's machine code as text, as it is made for an instruction set.
    /// \throws std::runtime_error where there is none for it.
    std::string assembly(Isa isa, Precision precision) const;

    struct Code;
    explicit Program(std::shared_ptr<const Code> code) noexcept;
    const Code& code() const noexcept { return *code_; }  ///< for lanewise's own use

  private:
    std::shared_ptr<const Code> code_;
};

}  // namespace lanewise
