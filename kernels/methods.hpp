// The rules, once: lanewise::Method says what each does, and is checked against this list.
#pragma once

// X(name, spelling, policy, rows): its policy in rules.ipp, and the rows of moments that keeps for each
// variable: m before v, the largest |g| met last.
#define LANEWISE_METHODS(X)                                     \
    X(adam, "adam", Adam, 3)                                    \
    X(gradient_descent, "gradient-descent", GradientDescent, 0) \
    X(momentum, "momentum", Momentum, 1)                        \
    X(adagrad, "adagrad", AdaGrad, 2)                           \
    X(rmsprop, "rmsprop", RmsProp, 2)                           \
    X(amsgrad, "amsgrad", AmsGrad, 4)                           \
    X(adamax, "adamax", AdaMax, 3)                              \
    X(nadam, "nadam", NAdam, 3)
