// Package chart draws figures as one SVG file that stands alone: how many were online, as a
// curve, and how sessions ended, as bars. It has no script, refers to nothing, follows the
// reader's choice of light or dark, and says in title and desc what it shows, for those who
// hear it.
//
//	err := chart.Write(file, answer, time.Local)
package chart
