// Standard errors of fits.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace lanewise {

/// Inverts second derivatives; made once for many of them.
class Covariance {
  public:
    explicit Covariance(std::size_t dimension);

    /// Writes the inverse of H / 2 times `variance` to `covariance`, [d][d], with H's lower triangle by rows,
    /// [d (d + 1) / 2]. Rows and columns of fixed variables are 0. Infinite where H is not positive definite
    /// to within rounding.
    void invert(std::span<const double> h, const std::vector<bool>& is_fixed, double variance,
                std::span<double> covariance);

    /// Whether H tells the free variables apart, so that it has an inverse to within rounding.
    bool determines(std::span<const double> h, const std::vector<bool>& is_fixed);

  private:
    void find_free(const std::vector<bool>& is_fixed);
    /// H of the free variables = units^-1 L D L^T units^-1; whether there is such.
    bool factorise(std::span<const double> h);

    std::size_t dimension_;
    std::vector<std::size_t> free_;
    std::vector<double> units_, factors_, column_;
};

}  // namespace lanewise
