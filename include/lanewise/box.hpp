/// The box: the variables of a problem and their bounds.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace lanewise {

/// A variable of the box: a number, or a vector when `length` is given or bounds of each element are. Equal
/// bounds fix it.
struct Variable {
    /// One number for all elements, or one for each.
    class Bound {
      public:
        Bound(double of_all) : numbers_{of_all} {}  // NOLINT(*explicit*)
        Bound(std::vector<double> of_each)          // NOLINT(*explicit*)
            : numbers_(std::move(of_each)), size_(numbers_.size()) {}
        Bound(std::initializer_list<double> of_each) : Bound(std::vector<double>(of_each)) {}

        /// How many elements it has numbers for; nothing when it is one for all.
        std::optional<std::size_t> size() const noexcept { return size_; }
        double operator[](std::size_t element) const { return numbers_[size_ ? element : 0]; }

      private:
        std::vector<double> numbers_;
        std::optional<std::size_t> size_;
    };

    std::string name;
    Bound lower = 0;
    Bound upper = 0;
    std::optional<std::size_t> length = {};
    /// Whether the variable is on a log scale: a search goes in log(x / lower) then, with starts, steps and
    /// nearness in it; what it is handed and tells are x. Both bounds have to be above 0 and finite. Where
    /// nothing is said, a variable whose positive bounds span more than six decades is not, but half of the
    /// starts are drawn as if it were.
    std::optional<bool> log = {};
};

/// A box in R^d. The elements of its variables, in the order given, are the coordinates 0 .. d-1 of a point.
///
///     Box{{"x", -5, 5}, {"y", -5, 5}}      two numbers
///     Box{{"x", -5.12, 5.12, 10}}          a vector of ten
///     Box{{"x", {0, 2}, {1, 5}}}           a vector of two, 0 <= x[0] <= 1 and 2 <= x[1] <= 5
class Box {
  public:
    /// Bounds may be infinite, lower ones -infinity and upper ones infinity: minimize_batch takes such a box,
    /// minimize and check_gradient refuse it.
    /// \throws std::invalid_argument naming the variable when a bound is NaN, lower > upper, the distance of
    ///         two finite bounds overflows, a length is 0, bounds are not as many as the length or one
    ///         another, a name is empty or not an identifier, or a name is given twice; when a bound of a
    ///         variable on a log scale is not above 0 and finite; or when there is no variable.
    explicit Box(std::vector<Variable> variables);
    Box(std::initializer_list<Variable> variables) : Box(std::vector<Variable>(variables)) {}

    /// Box{{"x", lower, upper}}: a vector "x". \throws std::invalid_argument as above.
    static Box from_bounds(std::vector<double> lower, std::vector<double> upper);

    std::size_t dimension() const noexcept { return lower_.size(); }
    const std::vector<double>& lower() const noexcept { return lower_; }  ///< [d]
    const std::vector<double>& upper() const noexcept { return upper_; }  ///< [d]

    /// The variables with their place among the coordinates.
    struct Place {
        std::string name;
        std::size_t offset;  ///< its first coordinate
        std::optional<std::size_t> length;
        std::optional<bool> log;  ///< as of Variable
        std::size_t size() const noexcept { return length.value_or(1); }
    };
    const std::vector<Place>& variables() const noexcept { return variables_; }

    /// The variable that coordinate j is of.
    const Place& variable_of(std::size_t j) const;
    /// "x" or "x[3]": the name of coordinate j.
    std::string coordinate_name(std::size_t j) const;

    /// Whether coordinate j is on a log scale.
    bool is_log(std::size_t j) const { return variable_of(j).log.value_or(false); }
    /// Whether half of its starts are drawn in the logarithm.
    bool is_half_log(std::size_t j) const;

  private:
    std::vector<Place> variables_;
    std::vector<double> lower_, upper_;
};

}  // namespace lanewise
