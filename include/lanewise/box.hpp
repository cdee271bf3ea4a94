/// The box: the variables of a problem and their bounds.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace lanewise {

/// A variable of the box: a number, or a vector when `length` is given. All elements share the bounds.
/// Equal bounds fix the variable.
struct Variable {
    std::string name;
    double lower = 0;
    double upper = 0;
    std::optional<std::size_t> length = {};
};

/// A box in R^d. The elements of its variables, in the order given, are the coordinates 0 .. d-1 of a point.
///
///     Box{{"x", -5, 5}, {"y", -5, 5}}      two numbers
///     Box{{"x", -5.12, 5.12, 10}}          a vector of ten
class Box {
  public:
    /// \throws std::invalid_argument naming the variable when a bound is not finite, lower > upper, their
    /// distance
    ///         overflows, a length is 0, a name is empty or not an identifier, or a name is given twice; or
    ///         when there is no variable.
    explicit Box(std::vector<Variable> variables);
    Box(std::initializer_list<Variable> variables) : Box(std::vector<Variable>(variables)) {}

    /// A vector "x" with bounds of its own for each element.
    /// \throws std::invalid_argument as above, and when the sizes differ.
    static Box from_bounds(std::vector<double> lower, std::vector<double> upper);

    std::size_t dimension() const noexcept { return lower_.size(); }
    const std::vector<double>& lower() const noexcept { return lower_; }  ///< [d]
    const std::vector<double>& upper() const noexcept { return upper_; }  ///< [d]

    /// The variables with their place among the coordinates.
    struct Place {
        std::string name;
        std::size_t offset;  ///< its first coordinate
        std::optional<std::size_t> length;
        std::size_t size() const noexcept { return length.value_or(1); }
    };
    const std::vector<Place>& variables() const noexcept { return variables_; }

    /// "x" or "x[3]": the name of coordinate j.
    std::string coordinate_name(std::size_t j) const;

  private:
    Box() = default;
    std::vector<Place> variables_;
    std::vector<double> lower_, upper_;
};

}  // namespace lanewise
