/// Objectives written as a formula.
#pragma once

#include <string_view>

#include "lanewise/box.hpp"
#include "lanewise/data.hpp"
#include "lanewise/formula.hpp"
#include "lanewise/program.hpp"

namespace lanewise {

/// An objective given as text.
///
/// The language, tightest first: `^` or `**` (right-associative; integer powers are products), `-x`, `* /`,
/// `+ -`, `< <= > >= == !=` (1 or 0), `not`, `and`, `or`. Numbers `1`, `.5`, `1e-3`; `pi e inf`. Functions:
/// sqrt cbrt exp expm1 exp2 log log1p log2 log10 sin cos tan asin acos atan atan2 sinh cosh tanh erf erfc
/// gamma lgamma abs sign floor ceil trunc round (halves away from 0) min max (2 or more) pow hypot,
/// `mod(x, y)` = x - y*floor(x/y), `clamp(x, lower, upper)` = min(max(x, lower), upper), and
/// `if(condition, a, b)`: a where the condition is not 0, else b. Vectors: `x[i]` from 0, `n(x)` the length;
/// `sum(i, first, last, body)` and `prod(...)`, both ends included, over integers known when the text is
/// read. Definitions: `r2 = x^2 + y^2; sin(r2)/r2`, the last expression is the objective. The body of a sum
/// or product can begin with definitions too, `sum(i, 0, 9, r = x[i] - 1; r^2 + r^4)`: each integer has its
/// own, which are known to the end of the body, in sums inside it too, and unknown behind it. `rows(body)` is
/// the sum over the rows of the data, in whose body the names of its columns mean the row's numbers, and
/// which can begin with definitions. `c[i]` is a number of a table c. `#` starts a comment.
///
/// A definition takes no name that has a meaning where it stands; the index of a sum may, but for those of
/// vectors, and hides that meaning in its body. No name is that of a function or constant, but for gamma,
/// trunc, round, mod and clamp: where one of these is another name, it is not the function.
///
/// Limits: brackets nest at most 200 deep; with sums unrolled, the formula has at most 2 million operations
/// and numbers, and unrolling it takes at most 20 million steps. Cost is linear in the operations.
///
/// What derivatives are where there are none: see Program.
class Expression final : public Program {
  public:
    /// The variables of `box` and the parameters are the names the text can use.
    /// \throws ParseError when the text cannot be understood.
    /// \throws std::invalid_argument when a parameter or a number of a table is not finite or has no usable
    ///         name, or a column that the text reads has a number that is missing or infinite.
    Expression(std::string_view text, const Box& box, const Parameters& parameters = {}, Data data = {},
               const Tables& tables = {});

    const Formula* formula() const noexcept override { return &formula_; }

  private:
    Formula formula_;
};

}  // namespace lanewise
