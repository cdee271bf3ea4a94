/// Objectives made from a callable: for code that is no formula and not worth a class.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <vector>

#include "lanewise/box.hpp"
#include "lanewise/objective.hpp"

namespace lanewise {

/// Rows of a block, as a range of spans: rows[j][lane]. Refers to memory of someone else.
template <class T>
class Rows {
  public:
    Rows(T* first, std::size_t rows, std::size_t lanes) noexcept
        : first_(first), rows_(rows), lanes_(lanes) {}

    std::size_t size() const noexcept { return rows_; }
    std::size_t lanes() const noexcept { return lanes_; }
    std::span<T> operator[](std::size_t j) const noexcept { return {first_ + j * lanes_, lanes_}; }

    class Iterator {
      public:
        using value_type = std::span<T>;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        Iterator(T* row, std::size_t lanes) noexcept : row_(row), lanes_(lanes) {}
        std::span<T> operator*() const noexcept { return {row_, lanes_}; }
        Iterator& operator++() noexcept {
            row_ += lanes_;
            return *this;
        }
        Iterator operator++(int) noexcept {
            const Iterator before = *this;
            ++*this;
            return before;
        }
        bool operator==(const Iterator&) const = default;

      private:
        T* row_ = nullptr;
        std::size_t lanes_ = 0;
    };
    Iterator begin() const noexcept { return {first_, lanes_}; }
    Iterator end() const noexcept { return {first_ + rows_ * lanes_, lanes_}; }

  private:
    T* first_;
    std::size_t rows_, lanes_;
};

/// An objective from a callable that fills values and gradients of a block of points: from x[j][lane] it
/// writes f[lane] and g[j][lane] for all lanes.
///
///     Callback(2, [](auto x, auto f, auto g) {
///         for (std::size_t lane = 0; lane < f.size(); ++lane) {
///             f[lane] = x[0][lane] * x[1][lane];
///             g[0][lane] = x[1][lane];
///             g[1][lane] = x[0][lane];
///         }
///     })
///
/// What Objective asks of `evaluate` holds for the callable: it is called from several threads at once,
/// unless `calls` says otherwise, should neither allocate nor lock, and what it writes for a lane may depend
/// on that lane's x only. An exception that leaves it ends the search and reaches the caller of minimize. NaN
/// or infinity is the way to say that a point has no value.
class Callback final : public Objective {
  public:
    using Function = std::function<void(Rows<const double> x, std::span<double> f, Rows<double> g)>;

    /// \throws std::invalid_argument when the dimension is 0 or the function empty.
    Callback(std::size_t dimension, Function function, Calls calls = Calls::from_any_thread);

    std::size_t dimension() const noexcept override { return dimension_; }
    void evaluate(const Block<double>& block) const override;
    Calls calls() const noexcept override { return calls_; }

  private:
    std::size_t dimension_;
    Function function_;
    Calls calls_;
};

struct DifferenceOptions {
    /// Relative step, above 0 and at most 0.25: the cube root of the relative precision of the values, which
    /// by default is that of double. A simulation that is good to six digits wants 0.01.
    double step = 6e-6;
    Calls calls = Calls::from_any_thread;
};

/// An objective from a callable that knows values only: from x[j][lane] it writes f[lane]. The gradient is
/// taken by differences, which costs 2 d + 1 values where a gradient of your own costs about 2 to 4,
/// whatever d: prefer one where you can. In Result and Options these 2 d + 1 values are one evaluation.
/// Variables that the box fixes cost nothing.
///
/// The shifted points are lanes like any other: the callable is called once with the block's points, and then
/// for each variable with twice as many, the points shifted one way and the other. It never sees a point
/// outside the box. What is said of Callback's function holds for this one.
///
/// Variable j is shifted by h = step * |x_j|, where |x_j| counts as at least 1/100 of the box width and at
/// most all of it; where a bound is infinite, as at least 1:
///     g_j = (f(x + h e_j) - f(x - h e_j)) / (2 h),                      error h^2 |f'''| / 6 + p |f| / h
///     g_j = (4 f(x + h e_j) - 3 f(x) - f(x + 2 h e_j)) / (2 h)          twice the former, 4 times the latter
/// with p the relative precision of the values; the second form, or its mirror image, is taken within h of a
/// wall. Where one of the shifted points has no finite value, as at the edge of a domain, the other alone
/// gives the slope, with error h |f''| / 2 or h |f''|; where both have none the gradient is not finite.
class CentralDifferences final : public Objective {
  public:
    using Function = std::function<void(Rows<const double> x, std::span<double> f)>;

    /// \throws std::invalid_argument when the function is empty, the step is not in its range, or a variable
    /// is not fixed but has a box too narrow to tell points in it apart.
    CentralDifferences(const Box& box, Function function, const DifferenceOptions& options = {});

    std::size_t dimension() const noexcept override { return axes_.size(); }
    void evaluate(const Block<double>& block) const override;
    Calls calls() const noexcept override { return calls_; }
    std::size_t scratch_rows() const noexcept override { return 2 * (dimension() + 1); }

  private:
    struct Axis {
        double lower, upper;
        double least_shift;  ///< for which neighbouring doubles are fine enough
        bool fixed() const noexcept { return lower == upper; }
    };
    struct Shifts;
    Shifts shifted(const Axis& axis, double x) const noexcept;

    std::vector<Axis> axes_;
    Function function_;
    double step_;
    Calls calls_;
};

}  // namespace lanewise
