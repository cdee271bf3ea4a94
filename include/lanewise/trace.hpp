/// Ordinary C++ functions as objectives: recorded once, differentiated and run like a formula.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <type_traits>
#include <vector>

#include "lanewise/program.hpp"

namespace lanewise {

class Traced;

/// What comparing traced values gives: for select, and, or and not, never for `if`. Its value is not known
/// while a function is traced, so that a branch on it does not compile.
class Condition;

namespace detail {

class Recording;

template <class T>
inline constexpr bool is_bool_of_traced_value = false;

}  // namespace detail

/// A number of a function that is being traced: a variable, a constant or what was computed of them. Use it
/// like a double: + - * /, compound assignment, comparison, and the functions below, which are found without
/// std:: (`using std::sin;` in a function template serves both).
class Traced {
  public:
    Traced() noexcept : Traced(0.0) {}
    // Constants mix with traced values as they do with doubles.
    template <class Number>
    requires std::is_arithmetic_v<Number> Traced(Number constant)
    noexcept : constant_(static_cast<double>(constant)) {}  // NOLINT(*explicit*)

    friend Traced operator+(const Traced& a) { return a; }
    friend Traced operator-(const Traced& a);
    friend Traced operator+(const Traced& a, const Traced& b);
    friend Traced operator-(const Traced& a, const Traced& b);
    friend Traced operator*(const Traced& a, const Traced& b);
    friend Traced operator/(const Traced& a, const Traced& b);
    Traced& operator+=(const Traced& b) { return *this = *this + b; }
    Traced& operator-=(const Traced& b) { return *this = *this - b; }
    Traced& operator*=(const Traced& b) { return *this = *this * b; }
    Traced& operator/=(const Traced& b) { return *this = *this / b; }

    friend Condition operator<(const Traced& a, const Traced& b);
    friend Condition operator<=(const Traced& a, const Traced& b);
    friend Condition operator>(const Traced& a, const Traced& b);
    friend Condition operator>=(const Traced& a, const Traced& b);
    friend Condition operator==(const Traced& a, const Traced& b);
    friend Condition operator!=(const Traced& a, const Traced& b);

  private:
    friend class detail::Recording;
    std::uint64_t recording_ = 0;  ///< 0: a constant
    std::uint32_t node_ = 0;
    double constant_ = 0;
};

class Condition {
  public:
    Condition(bool known) noexcept : value_(known ? 1 : 0) {}  // NOLINT(*explicit*)

    friend Condition operator&&(const Condition& a, const Condition& b);
    friend Condition operator||(const Condition& a, const Condition& b);
    friend Condition operator!(const Condition& a);
    /// `a` where the condition holds, else `b`. What is not chosen leaves no trace in the gradient.
    friend Traced select(const Condition& condition, const Traced& a, const Traced& b);

    template <std::same_as<bool> Bool>
    explicit operator Bool() const {
        static_assert(detail::is_bool_of_traced_value<Bool>,
                      "a branch on a traced value: its value is not known yet; use "
                      "lanewise::select(condition, a, b)");
        return false;
    }

  private:
    friend class detail::Recording;
    explicit Condition(const Traced& value) noexcept : value_(value) {}
    Traced value_;
};

Traced select(const Condition& condition, const Traced& a, const Traced& b);

Traced sqrt(const Traced& a);
Traced cbrt(const Traced& a);
Traced exp(const Traced& a);
Traced expm1(const Traced& a);
Traced exp2(const Traced& a);
Traced log(const Traced& a);
Traced log1p(const Traced& a);
Traced log2(const Traced& a);
Traced log10(const Traced& a);
Traced sin(const Traced& a);
Traced cos(const Traced& a);
Traced tan(const Traced& a);
Traced asin(const Traced& a);
Traced acos(const Traced& a);
Traced atan(const Traced& a);
Traced atan2(const Traced& y, const Traced& x);
Traced sinh(const Traced& a);
Traced cosh(const Traced& a);
Traced tanh(const Traced& a);
Traced erf(const Traced& a);
Traced erfc(const Traced& a);
Traced lgamma(const Traced& a);
Traced tgamma(const Traced& a);  ///< `gamma` in the language
Traced abs(const Traced& a);
Traced fabs(const Traced& a);
Traced sign(const Traced& a);  ///< -1, 0 or 1
Traced floor(const Traced& a);
Traced ceil(const Traced& a);
Traced round(const Traced& a);  ///< halves away from 0
Traced trunc(const Traced& a);
Traced mod(const Traced& a, const Traced& b);  ///< a - b floor(a/b), with the sign of b
Traced min(const Traced& a, const Traced& b);  ///< NaN if either is
Traced max(const Traced& a, const Traced& b);  ///< NaN if either is
/// min(max(a, lower), upper)
Traced clamp(const Traced& a, const Traced& lower, const Traced& upper);
/// A whole constant b up to 1024 in size makes products.
Traced pow(const Traced& a, const Traced& b);
Traced hypot(const Traced& a, const Traced& b);
Traced hypot(const Traced& a, const Traced& b, const Traced& c);
Traced fma(const Traced& a, const Traced& b, const Traced& c);  ///< a*b + c

namespace detail {

/// Where the operations of one traced function go; alive while the function runs.
class Recording {
  public:
    explicit Recording(std::size_t dimension);
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
    ~Recording();

    std::vector<Traced> variables() const;
    /// \throws std::logic_error when the value is another recording's.
    Program finish(const Traced& value);

    struct Access;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace detail

/// Records `function` of `dimension` variables and makes an objective of it:
///
///     const auto objective = lanewise::trace(3, [](const auto& x) {
///         return 100 * pow(x[1] - x[0] * x[0], 2) + pow(1 - x[0], 2) + abs(x[2]);
///     });
///
/// The function gets a const std::vector<Traced>&, or what that converts to, as std::span<const Traced>; it
/// is called once, and everything it computes of x is recorded, so that it must take the same way for every
/// x: a branch on a traced value does not compile, one on anything else is taken once and for all. The same
/// formula as text gives the same program, to the bit.
///
/// \throws std::invalid_argument when dimension is 0 or the function records more than 2 million operations.
/// \throws std::logic_error when it uses traced values of another trace, or on another thread.
template <class Function>
requires std::invocable < Function&, const std::vector<Traced>
& > Program trace(std::size_t dimension, Function&& function) {
    detail::Recording recording(dimension);
    const std::vector<Traced> x = recording.variables();
    return recording.finish(function(x));
}

/// The same for a function of a std::array<Traced, Dimension>.
template <std::size_t Dimension, class Function>
requires std::invocable < Function&, const std::array<Traced, Dimension>
& > Program trace(Function&& function) {
    detail::Recording recording(Dimension);
    const std::vector<Traced> x = recording.variables();
    std::array<Traced, Dimension> fixed;
    for (std::size_t j = 0; j < Dimension; ++j) fixed[j] = x[j];
    return recording.finish(function(fixed));
}

}  // namespace lanewise
