// RUN: rm -f %t.sqlite*
// RUN: xdsl-opt %S/../examples/softmax.mlir -p 'npu-outline,npu-decide{sources=composition store="%t.sqlite"}' | filecheck %s

// The example of the README: a softmax of rows is one kernel, whose schedule is printed with it.

// CHECK:       npu.launch @rows_0
// CHECK:       npu.kernel @rows_0
// CHECK-SAME:    schedule<"whole-tiles"
// CHECK:         scf.for
// CHECK:           npu.load
// CHECK:           npu.vreduce <max>
// CHECK-NEXT:      npu.vsub
// CHECK-NEXT:      npu.vexp
// CHECK:           npu.vreduce <sum>
// CHECK:           npu.store
