// A second opinion on value and gradient: the formula as it was written, one operation after the other, in
// long double with dual numbers. It shares nothing with the optimiser and the differentiation it judges but
// the graph.
#pragma once

#include <cfloat>
#include <cstddef>
#include <span>
#include <vector>

#include "program/graph.hpp"

namespace lanewise::test {

/// The numbers a program computes with.
struct Format {
    long double epsilon;      ///< from 1 to the next number
    long double smallest;     ///< normal one
    long double largest;      ///< finite one
    long double comfortable;  ///< it and its inverse have squares
};
inline constexpr Format f64{DBL_EPSILON, DBL_MIN, DBL_MAX, 1e150L};
inline constexpr Format f32{FLT_EPSILON, FLT_MIN, FLT_MAX, 1e15L};

struct Estimate {
    long double number;
    long double error;  ///< what a program may be off, to first order
};

/// What a program can be held to at a point.
struct Reference {
    /// The value is finite and no decision on the way to it is closer than the errors of what it depends on.
    bool has_value = false;
    /// Moreover the function is smooth here, or of a documented derivative, and nothing overflows in any
    /// order of differentiation.
    bool has_gradient = false;
    Estimate value = {};
    std::vector<Estimate> gradient = {};  ///< by coordinate
};

/// `written` is a graph without rewriting. Its variables are the coordinates of the point; those from
/// `dimension` on stand for constants.
Reference reference(const Graph& written, NodeId value, std::size_t dimension, std::span<const double> point,
                    const Format& format = f64);

/// No derivative of an operation, and no product of those from the end backwards, is near the end of the
/// range or beyond, and no phase is lost: then the gradient is finite where the value is. Infinite
/// derivatives do not count where nothing depends on them.
bool has_derivatives_in_range(const Graph& written, NodeId value, std::span<const double> point,
                              const Format& format = f64);

/// The derivative of lgamma.
long double digamma(long double x);

}  // namespace lanewise::test
