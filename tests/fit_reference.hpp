// A least-squares fit of one problem, slow and obvious: the method of Levenberg and Marquardt with Nielsen's
// damping, one row after the other, from one start.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "textbook.hpp"

namespace lanewise::test {

/// The model at a row; writes its derivatives by the variables, of which there are as many as in x.
using RowModel = std::function<double(std::size_t row, const Point& x, Point& derivatives)>;

struct FitProblem {
    RowModel model;
    std::vector<double> y;
    std::vector<double> sigma = {};  ///< of each row; empty: 1
    Point lower, upper;              ///< equal bounds fix a variable
    bool absolute_sigma = false;
};

/// What fit_reference finds. The names mean what they mean in Fits, for one problem.
struct FitOutcome {
    bool has_converged;
    Point x;
    double rss;
    std::vector<double> standard_error;  ///< [d]
    std::vector<double> covariance;      ///< [d][d], d - fixed variables in place of d in n - d
};

/// From the start, projected onto the box, to where a step moves no variable by more than 1e-12 of itself.
FitOutcome fit_reference(const FitProblem& problem, Point start);

}  // namespace lanewise::test
