#!/bin/bash
npm ci
