// What HIVM lacks, or what the vendor's compiler gets wrong, is rewritten before.
// RUN: xdsl-opt %s --split-input-file -p npu-legalize-hivm | filecheck %s
// RUN: xdsl-opt %s --split-input-file -p convert-npu-to-hivm
// RUN: xdsl-opt %s --split-input-file -p "convert-npu-to-hivm{planned=true}"

// The vendor's compiler takes a padded load of [3, 16] into [3, 32] for one row of 48 into 96: rows move.
// It is a fill, and a load into a view.
// CHECK-LABEL: npu.kernel @padded
// CHECK: npu.vbrc ins(%p : f16) outs(%b :
// CHECK: [[V:%.*]] = memref.subview %b[0, 0] [3, 16] [1, 1]
// CHECK: npu.load %x into [[V]] :
// CHECK-NOT: pad
npu.kernel @padded ins(%x: memref<3x16xf16, #npu.scope<global>>) outs(%y: memref<3x32xf16, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %p = arith.constant 0.0 : f16
  %b = npu.alloc : memref<3x32xf16, #npu.scope<ub>>
  npu.load %x into %b pad %p : f16 in : memref<3x16xf16, #npu.scope<global>> into memref<3x32xf16, #npu.scope<ub>>
  npu.store %b into %y : memref<3x32xf16, #npu.scope<ub>> into memref<3x32xf16, #npu.scope<global>>
}

// -----

// There is no negation.
// CHECK-LABEL: npu.kernel @negated
// CHECK: [[C:%.*]] = arith.constant -1.0
// CHECK: npu.vmul ins(%b, [[C]] :
npu.kernel @negated ins(%x: memref<64xf32, #npu.scope<global>>) outs(%y: memref<64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %b = npu.alloc : memref<64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<64xf32, #npu.scope<global>> into memref<64xf32, #npu.scope<ub>>
  npu.vneg ins(%b : memref<64xf32, #npu.scope<ub>>) outs(%b : memref<64xf32, #npu.scope<ub>>)
  npu.store %b into %y : memref<64xf32, #npu.scope<ub>> into memref<64xf32, #npu.scope<global>>
}

// -----

// A reduction that finds a place needs a tile for the value, too.
// CHECK-LABEL: npu.kernel @place
// CHECK: [[V:%.*]] = npu.alloc : memref<8x1xf32
// CHECK: npu.vreduce <max> ins(%b :{{.*}}) outs([[V]] :
// CHECK: npu.vreduce <argmax> ins(%b :{{.*}}) outs(%i :
npu.kernel @place ins(%x: memref<8x64xf32, #npu.scope<global>>) outs(%y: memref<8x1xi32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  %i = npu.alloc : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>
  npu.vreduce <argmax> ins(%b : memref<8x64xf32, #npu.scope<ub>>) outs(%i : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>>) axes [1]
  npu.store %i into %y : memref<8x1xi32, strided<[8, 1]>, #npu.scope<ub>> into memref<8x1xi32, #npu.scope<global>>
}

// -----

// The vendor's compiler fails on a reciprocal of a view of extents known only at run time.
// CHECK-LABEL: npu.kernel @reciprocal
// CHECK: npu.vbrc ins(%{{.*}} : f32) outs([[ONES:%.*]] :
// CHECK: npu.vdiv ins([[ONES]], %v :
// CHECK-NOT: vrec
npu.kernel @reciprocal ins(%x: memref<6x1xf32, #npu.scope<global>>) outs(%y: memref<6x1xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %n = npu.block_idx : index
  %b = npu.alloc : memref<6x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  %v = memref.subview %b[0, 0] [%n, 1] [1, 1] : memref<6x1xf32, strided<[8, 1]>, #npu.scope<ub>> to memref<?x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  %g = memref.subview %x[0, 0] [%n, 1] [1, 1] : memref<6x1xf32, #npu.scope<global>> to memref<?x1xf32, strided<[1, 1]>, #npu.scope<global>>
  npu.load %g into %v : memref<?x1xf32, strided<[1, 1]>, #npu.scope<global>> into memref<?x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.vrec ins(%v : memref<?x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%v : memref<?x1xf32, strided<[8, 1]>, #npu.scope<ub>>)
}

// -----

// The vendor's compiler repeats one operand; the other one is written out before.
// CHECK-LABEL: npu.kernel @outer
// CHECK: npu.vbrc ins(%a :{{.*}}) outs([[W:%.*]] : memref<8x64xf32
// CHECK: npu.vadd ins([[W]], %b :
npu.kernel @outer ins(%x: memref<8x1xf32, #npu.scope<global>>, %z: memref<1x64xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %a = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.load %x into %a : memref<8x1xf32, #npu.scope<global>> into memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  %b = npu.alloc : memref<1x64xf32, #npu.scope<ub>>
  npu.load %z into %b : memref<1x64xf32, #npu.scope<global>> into memref<1x64xf32, #npu.scope<ub>>
  %c = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.vadd ins(%a, %b : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>, memref<1x64xf32, #npu.scope<ub>>) outs(%c : memref<8x64xf32, #npu.scope<ub>>)
  npu.store %c into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
}

// -----

// A gather takes one row of indices: padded rows are gathered one after the other.
// CHECK-LABEL: npu.kernel @gather
// CHECK: scf.for [[R:%.*]] = %{{.*}} to %{{.*}} step
// CHECK: [[I:%.*]] = memref.subview %i[[[R]], 0] [1, 5] [1, 1]
// CHECK: [[O:%.*]] = memref.subview %o[[[R]], 0] [1, 5] [1, 1]
// CHECK: npu.vgather ins(%b, [[I]] :{{.*}}) outs([[O]] :
npu.kernel @gather ins(%x: memref<64xf32, #npu.scope<global>>, %z: memref<3x5xi32, #npu.scope<global>>) outs(%y: memref<3x5xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %b = npu.alloc : memref<64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<64xf32, #npu.scope<global>> into memref<64xf32, #npu.scope<ub>>
  %i = npu.alloc : memref<3x5xi32, strided<[8, 1]>, #npu.scope<ub>>
  npu.load %z into %i : memref<3x5xi32, #npu.scope<global>> into memref<3x5xi32, strided<[8, 1]>, #npu.scope<ub>>
  %o = npu.alloc : memref<3x5xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.vgather ins(%b, %i : memref<64xf32, #npu.scope<ub>>, memref<3x5xi32, strided<[8, 1]>, #npu.scope<ub>>) outs(%o : memref<3x5xf32, strided<[8, 1]>, #npu.scope<ub>>)
  npu.store %o into %y : memref<3x5xf32, strided<[8, 1]>, #npu.scope<ub>> into memref<3x5xf32, #npu.scope<global>>
}

// -----

// The vendor's transpose swaps two dimensions.
// CHECK-LABEL: npu.kernel @turned
// CHECK: npu.vtranspose ins(%b : memref<8x16x24xf32{{.*}}) outs([[T:%.*]] : memref<24x16x8xf32{{.*}}) permutation {{\[}}2, 1, 0]
// CHECK: npu.vtranspose ins([[T]] :{{.*}}) outs(%o :{{.*}}) permutation {{\[}}0, 2, 1]
npu.kernel @turned ins(%x: memref<8x16x24xf32, #npu.scope<global>>) outs(%y: memref<24x8x16xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %b = npu.alloc : memref<8x16x24xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x16x24xf32, #npu.scope<global>> into memref<8x16x24xf32, #npu.scope<ub>>
  %o = npu.alloc : memref<24x8x16xf32, #npu.scope<ub>>
  npu.vtranspose ins(%b : memref<8x16x24xf32, #npu.scope<ub>>) outs(%o : memref<24x8x16xf32, #npu.scope<ub>>) permutation [2, 0, 1]
  npu.store %o into %y : memref<24x8x16xf32, #npu.scope<ub>> into memref<24x8x16xf32, #npu.scope<global>>
}

// -----

// A loaded mask is bytes, a condition is bits: its bytes are cast to f16 and compared with 0.
// CHECK-LABEL: npu.kernel @masked
// CHECK: npu.load %m into [[B:%.*]] :
// CHECK: npu.vcast <rint> ins([[B]] :{{.*}}) outs([[H:%.*]] :
// CHECK: npu.vcmp <ne> ins([[H]], %{{.*}} :{{.*}}) outs(%c :
// CHECK: npu.vsel ins(%c, %b, %{{.*}} :
npu.kernel @masked ins(%m: memref<64xi8, #npu.scope<global>>, %x: memref<64xf32, #npu.scope<global>>) outs(%y: memref<64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %z = arith.constant 0.0 : f32
  %c = npu.alloc : memref<64xi8, #npu.scope<ub>>
  npu.load %m into %c : memref<64xi8, #npu.scope<global>> into memref<64xi8, #npu.scope<ub>>
  %b = npu.alloc : memref<64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<64xf32, #npu.scope<global>> into memref<64xf32, #npu.scope<ub>>
  %o = npu.alloc : memref<64xf32, #npu.scope<ub>>
  npu.vsel ins(%c, %b, %z : memref<64xi8, #npu.scope<ub>>, memref<64xf32, #npu.scope<ub>>, f32) outs(%o : memref<64xf32, #npu.scope<ub>>)
  npu.store %o into %y : memref<64xf32, #npu.scope<ub>> into memref<64xf32, #npu.scope<global>>
}

// -----

// Truth values that are stored are selected as numbers and cast to bytes.
// CHECK-LABEL: npu.kernel @truth
// CHECK: npu.vsel ins(%c, %{{.*}}, %{{.*}} :{{.*}}f16, f16) outs([[H:%.*]] :
// CHECK: npu.vcast <rint> ins([[H]] :{{.*}}) outs([[B:%.*]] :
// CHECK: npu.store [[B]] into %y
npu.kernel @truth ins(%x: memref<64xf32, #npu.scope<global>>) outs(%y: memref<64xi8, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %z = arith.constant 0.0 : f32
  %b = npu.alloc : memref<64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<64xf32, #npu.scope<global>> into memref<64xf32, #npu.scope<ub>>
  %c = npu.alloc : memref<64xi8, #npu.scope<ub>>
  npu.vcmp <gt> ins(%b, %z : memref<64xf32, #npu.scope<ub>>, f32) outs(%c : memref<64xi8, #npu.scope<ub>>)
  npu.store %c into %y : memref<64xi8, #npu.scope<ub>> into memref<64xi8, #npu.scope<global>>
}

// -----

// A condition is not repeated: it is written out by way of numbers.
// CHECK-LABEL: npu.kernel @condition
// CHECK: npu.vbrc ins([[N:%.*]] : memref<8x1xf16{{.*}}) outs([[W:%.*]] : memref<8x64xf16
// CHECK: npu.vcmp <ne> ins([[W]], %{{.*}} :{{.*}}) outs([[C:%.*]] : memref<8x64xi8
// CHECK: npu.vsel ins([[C]], %b, %{{.*}} :
npu.kernel @condition ins(%x: memref<8x64xf32, #npu.scope<global>>, %w: memref<8x1xf32, #npu.scope<global>>) outs(%y: memref<8x64xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %z = arith.constant 0.0 : f32
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  %a = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.load %w into %a : memref<8x1xf32, #npu.scope<global>> into memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  %c = npu.alloc : memref<8x1xi8, strided<[32, 1]>, #npu.scope<ub>>
  npu.vcmp <gt> ins(%a, %z : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>, f32) outs(%c : memref<8x1xi8, strided<[32, 1]>, #npu.scope<ub>>)
  %o = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.vsel ins(%c, %b, %z : memref<8x1xi8, strided<[32, 1]>, #npu.scope<ub>>, memref<8x64xf32, #npu.scope<ub>>, f32) outs(%o : memref<8x64xf32, #npu.scope<ub>>)
  npu.store %o into %y : memref<8x64xf32, #npu.scope<ub>> into memref<8x64xf32, #npu.scope<global>>
}

// -----

// A comparison repeats nothing.
// CHECK-LABEL: npu.kernel @compared
// CHECK: npu.vbrc ins(%a :{{.*}}) outs([[W:%.*]] : memref<8x64xf32
// CHECK: npu.vcmp <eq> ins(%b, [[W]] :
npu.kernel @compared ins(%x: memref<8x64xf32, #npu.scope<global>>, %w: memref<8x1xf32, #npu.scope<global>>) outs(%y: memref<8x64xi8, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %b = npu.alloc : memref<8x64xf32, #npu.scope<ub>>
  npu.load %x into %b : memref<8x64xf32, #npu.scope<global>> into memref<8x64xf32, #npu.scope<ub>>
  %a = npu.alloc : memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  npu.load %w into %a : memref<8x1xf32, #npu.scope<global>> into memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>
  %c = npu.alloc : memref<8x64xi8, #npu.scope<ub>>
  npu.vcmp <eq> ins(%b, %a : memref<8x64xf32, #npu.scope<ub>>, memref<8x1xf32, strided<[8, 1]>, #npu.scope<ub>>) outs(%c : memref<8x64xi8, #npu.scope<ub>>)
  npu.store %c into %y : memref<8x64xi8, #npu.scope<ub>> into memref<8x64xi8, #npu.scope<global>>
}

// -----

// Instructions on bits take tiles, and there is one shift down.
// CHECK-LABEL: npu.kernel @bits
// CHECK: npu.vshr ins(%b, %n :
// CHECK: [[ONES:%.*]] = arith.constant 536870911 : i32
// CHECK: npu.vbrc ins([[ONES]] : i32) outs([[T:%.*]] :
// CHECK: npu.vand ins(%b, [[T]] :
npu.kernel @bits ins(%x: memref<64xi32, #npu.scope<global>>) outs(%y: memref<64xi32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %n = arith.constant 3 : i32
  %b = npu.alloc : memref<64xi32, #npu.scope<ub>>
  npu.load %x into %b : memref<64xi32, #npu.scope<global>> into memref<64xi32, #npu.scope<ub>>
  npu.vshru ins(%b, %n : memref<64xi32, #npu.scope<ub>>, i32) outs(%b : memref<64xi32, #npu.scope<ub>>)
  npu.store %b into %y : memref<64xi32, #npu.scope<ub>> into memref<64xi32, #npu.scope<global>>
}

// -----

// A load writes whole blocks, so rows that end inside one are loaded beside, and moved.
// CHECK-LABEL: npu.kernel @padded_inside_a_block
// CHECK: npu.vbrc ins(%p : f32) outs(%b :
// CHECK: [[V:%.*]] = memref.subview %b[0, 0] [6, 19] [1, 1]
// CHECK: [[T:%.*]] = npu.alloc : memref<6x24xf32
// CHECK: [[S:%.*]] = memref.subview [[T]][0, 0] [6, 19] [1, 1]
// CHECK: npu.load %x into [[S]] :
// CHECK: npu.vmul ins([[S]], %{{.*}} :{{.*}}) outs([[V]] :
npu.kernel @padded_inside_a_block ins(%x: memref<6x19xf32, #npu.scope<global>>) outs(%y: memref<6x24xf32, #npu.scope<global>>) on <vector> blocks 1 target "ascend910b1" {
  %p = arith.constant 3.0 : f32
  %b = npu.alloc : memref<6x24xf32, #npu.scope<ub>>
  npu.load %x into %b pad %p : f32 in : memref<6x19xf32, #npu.scope<global>> into memref<6x24xf32, #npu.scope<ub>>
  npu.store %b into %y : memref<6x24xf32, #npu.scope<ub>> into memref<6x24xf32, #npu.scope<global>>
}
