/// Objectives written as a formula.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "lanewise/box.hpp"
#include "lanewise/program.hpp"

namespace lanewise {

/// Constants of an expression, by name.
using Parameters = std::map<std::string, double>;

/// An expression that cannot be understood. what() shows the line with a caret under the spot and says what
/// was expected.
class ParseError : public std::invalid_argument {
  public:
    ParseError(std::string_view text, std::size_t position, std::string_view message);
    std::size_t position() const noexcept { return position_; }  ///< byte offset into the text

  private:
    std::size_t position_;
};

/// An objective given as text, with its exact gradient (reverse mode), compiled to one straight-line program
/// for value and gradient.
///
/// The language: `+ - * /`, `^` or `**` (right-associative, binds tighter than a minus on its left; integer
/// powers are products), numbers, `pi e inf`; sqrt cbrt exp expm1 exp2 log log1p log2 log10 sin cos tan asin
/// acos atan atan2 sinh cosh tanh erf erfc abs sign floor ceil min max pow hypot; vectors `x[i]` from 0,
/// `n(x)` the length; `sum(i, first, last, body)` and `prod(...)`, both ends included, over integers known
/// when the text is read; definitions `r2 = x^2 + y^2; sin(r2)/r2`, the last expression being the objective.
/// `#` starts a comment.
///
/// At kinks the derivative is a fixed subgradient: 0 for abs at 0 and for hypot at (0, 0); at a tie of min or
/// max, the first argument's. A branch of min or max that is not taken adds nothing, even where its
/// derivative is infinite. Limits: brackets nest at most 200 deep, the unrolled program holds at most 2
/// million operations.
class Expression final : public Program {
  public:
    /// The variables of `box` and the parameters are the names the text can use.
    /// \throws ParseError when the text cannot be understood.
    /// \throws std::invalid_argument when a parameter is not finite or has no usable name.
    Expression(std::string_view text, const Box& box, const Parameters& parameters = {});
};

}  // namespace lanewise
