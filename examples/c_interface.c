/* The C interface: a formula, a callback, fits, and what goes wrong. */
#include <lanewise/lanewise.h>
#include <math.h>
#include <stdio.h>

/* Many points at once: value and gradient of a valley that bends, (1 - x)^2 + 100 (y - x^2)^2. */
static int valley(void *data, size_t count, const double *x, const uint32_t *ids, double *f, double *g) {
    size_t i;
    (void)ids;
    ++*(int *)data;
    for (i = 0; i < count; ++i) {
        const double a = x[2 * i], b = x[2 * i + 1], across = b - a * a;
        f[i] = (1 - a) * (1 - a) + 100 * across * across;
        g[2 * i] = -2 * (1 - a) - 400 * a * across;
        g[2 * i + 1] = 200 * across;
    }
    return 0;
}

static int told(void *data, const lanewise_progress *progress) {
    *(double *)data = progress->best_f;
    return 0;
}

static int formula(void) {
    lanewise_problem *problem = lanewise_new();
    lanewise_result *result = NULL;
    double x[4 * 2], f[4];
    uint64_t hits[4];
    size_t i, count;
    int code;
    if (problem == NULL) return 1;
    if ((code = lanewise_add_variable_text(problem, "x=-5:5")) != 0 ||
        (code = lanewise_add_variable_text(problem, "y=-5:5")) != 0 ||
        (code = lanewise_set_expression(problem, "(x^2 + y - 11)^2 + (x + y^2 - 7)^2")) != 0 ||
        (code = lanewise_set_option(problem, "starts", "1000")) != 0 ||
        (code = lanewise_minimize(problem, &result)) != 0) {
        fprintf(stderr, "%s\n", lanewise_error(problem));
    } else {
        count = lanewise_minima(result, 4, x, f, hits);
        for (i = 0; i < count && i < 4; ++i)
            printf("minimum %.1e at (%.4f, %.4f), reached by %lu runs\n", f[i], x[2 * i], x[2 * i + 1],
                   (unsigned long)hits[i]);
    }
    lanewise_free_result(result);
    lanewise_free(problem);
    return code;
}

static int callback(void) {
    const double lower[2] = {-5, -5}, upper[2] = {5, 5};
    lanewise_problem *problem = lanewise_new();
    lanewise_result *result = NULL;
    int calls = 0, code;
    double best_so_far = HUGE_VAL, x[2];
    if (problem == NULL) return 1;
    if ((code = lanewise_add_variable(problem, "x", 2, lower, upper, LANEWISE_LINEAR)) != 0 ||
        (code = lanewise_set_gradient_callback(problem, valley, &calls)) != 0 ||
        (code = lanewise_set_progress(problem, told, &best_so_far)) != 0 ||
        (code = lanewise_minimize(problem, &result)) != 0) {
        fprintf(stderr, "%s\n", lanewise_error(problem));
    } else {
        const double best = lanewise_best(result, x);
        printf("best value %.1e at (%.6f, %.6f): %s\n", best, x[0], x[1],
               calls > 0 && best <= best_so_far ? lanewise_status(result) : "it was not called");
    }
    lanewise_free_result(result);
    lanewise_free(problem);
    return code;
}

/* Two decay curves over the same four times. */
static int fits(void) {
    const double t[4] = {0, 1, 2, 3}, y[2 * 4] = {8, 4, 2, 1, 9, 3, 1, 0.4};
    const size_t first_rows[3] = {0, 4, 8};
    double x[2 * 2], standard_error[2 * 2];
    lanewise_problem *problem = lanewise_new();
    int i, code;
    if (problem == NULL) return 1;
    if ((code = lanewise_add_variable_text(problem, "a=0:20")) != 0 ||
        (code = lanewise_add_variable_text(problem, "k=0:5")) != 0 ||
        (code = lanewise_set_model(problem, "a*exp(-k*t)", "y", NULL, NULL)) != 0 ||
        (code = lanewise_set_rows(problem, 2, first_rows)) != 0 ||
        (code = lanewise_add_column(problem, "t", 4, t, 1)) != 0 ||
        (code = lanewise_add_column(problem, "y", 8, y, 0)) != 0 ||
        (code = lanewise_fit(problem, NULL, 0, x, standard_error, NULL, NULL, NULL, NULL, NULL, NULL,
                             NULL)) != 0) {
        fprintf(stderr, "%s\n", lanewise_error(problem));
    } else {
        for (i = 0; i < 2; ++i)
            printf("a = %.4f, k = %.4f +- %.4f\n", x[2 * i], x[2 * i + 1], standard_error[2 * i + 1]);
    }
    lanewise_free(problem);
    return code;
}

static int mistake(void) {
    lanewise_problem *problem = lanewise_new();
    int code;
    if (problem == NULL) return 1;
    code = lanewise_set_option(problem, "lr", "0.1");
    printf("%s\n", code == LANEWISE_INVALID ? lanewise_error(problem) : "no error");
    lanewise_free(problem);
    return code == LANEWISE_INVALID ? 0 : 1;
}

int main(void) {
    return formula() || callback() || fits() || mistake();
}
