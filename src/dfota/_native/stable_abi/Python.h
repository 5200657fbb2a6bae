/* SPDX-FileCopyrightText: 2026 The dfota authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * The few names of CPython's stable ABI that a cffi module uses; nothing else may be added.
 *
 * setup.py uses this folder only where the interpreter came without its own headers (Debian
 * and Ubuntu keep them in python3-dev): `make demo` must need no more than a compiler. The
 * stable ABI (https://docs.python.org/3/c-api/stable.html) promises that these symbols keep
 * their signatures in every CPython 3.x, so declaring them here is as safe as including the
 * interpreter's headers with Py_LIMITED_API. Reference counts go through the functions
 * Py_IncRef and Py_DecRef, never through the layout of an object.
 */
#ifndef DFOTA_STABLE_ABI_PYTHON_H
#define DFOTA_STABLE_ABI_PYTHON_H

#ifdef Py_GIL_DISABLED
#error "the free-threaded build has no stable ABI: install the Python headers"
#endif

#include <alloca.h> /* pyconfig.h would turn it on for stdlib.h, also with -std=c99 */
#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _object PyObject;
typedef struct _ts PyThreadState;
typedef intptr_t Py_ssize_t;

#define PyMODINIT_FUNC __attribute__((visibility("default"))) PyObject *

extern PyObject _Py_NoneStruct;
#define Py_None (&_Py_NoneStruct)

void Py_IncRef(PyObject *object);
void Py_DecRef(PyObject *object);
#define Py_INCREF(object) Py_IncRef((PyObject *)(object))
#define Py_DECREF(object) Py_DecRef((PyObject *)(object))
#define Py_XDECREF(object) Py_DecRef((PyObject *)(object)) /* Py_DecRef ignores NULL */

PyThreadState *PyEval_SaveThread(void);
void PyEval_RestoreThread(PyThreadState *state);
#define Py_BEGIN_ALLOW_THREADS { PyThreadState *saved_thread = PyEval_SaveThread();
#define Py_END_ALLOW_THREADS PyEval_RestoreThread(saved_thread); }

PyObject *PyErr_Occurred(void);
void Py_FatalError(const char *message) __attribute__((noreturn));
int PyArg_UnpackTuple(PyObject *tuple, const char *name, Py_ssize_t least, Py_ssize_t most, ...);

PyObject *PyImport_ImportModule(const char *name);
PyObject *PyObject_CallMethod(PyObject *object, const char *method, const char *format, ...);
void *PyObject_Malloc(size_t size);
void PyObject_Free(void *memory);

PyObject *PyBool_FromLong(long value);
PyObject *PyFloat_FromDouble(double value);
double PyFloat_AsDouble(PyObject *value);
PyObject *PyLong_FromLong(long value);
PyObject *PyLong_FromLongLong(long long value);
PyObject *PyLong_FromUnsignedLong(unsigned long value);
PyObject *PyLong_FromUnsignedLongLong(unsigned long long value);
PyObject *PyLong_FromVoidPtr(void *pointer);

#ifdef __cplusplus
}
#endif

#endif
